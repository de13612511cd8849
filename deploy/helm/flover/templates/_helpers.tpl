{{- define "flover.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "flover.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else if contains (include "flover.name" .) .Release.Name }}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "flover.name" .) | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "flover.selector" -}}
app.kubernetes.io/name: {{ include "flover.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "flover.labels" -}}
{{ include "flover.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "flover.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end }}
{{- end }}

{{- /* The name of a topic: its own setting, or the prefix and the usual name. Takes (list $ "requests"). */}}
{{- define "flover.topic" -}}
{{- $settings := (index . 0).Values.settings }}
{{- $own := index $settings (printf "%s-topic" (index . 1)) }}
{{- $own | default (printf "%sgeneration-%s" (index $settings "topic-prefix" | default "") (index . 1)) }}
{{- end }}

{{- define "flover.strimziNamespace" -}}
{{- default .Release.Namespace .Values.strimzi.namespace }}
{{- end }}

{{- define "flover.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "flover.containerSecurity" -}}
readOnlyRootFilesystem: true
allowPrivilegeEscalation: false
capabilities: {drop: [ALL]}
{{- end }}

{{- /* Settings of every container. Takes a dict of root, secret (client properties), user (of Strimzi) and heap. */}}
{{- define "flover.env" -}}
{{- $ := .root -}}
- {name: FLOVER_CONFIG, value: /etc/flover/flover.properties}
- {name: FLOVER_DATA, value: /data}
- {name: FLOVER_JAVA_OPTS, value: {{ printf "-Xmx%s" .heap | quote }}}
{{- if .secret }}
- {name: FLOVER_CLIENT_PROPERTIES, value: /etc/flover-client/client.properties}
{{- end }}
{{- if and $.Values.strimzi.enabled $.Values.strimzi.users (not .secret) }}
- {name: FLOVER_KAFKA_SECURITY_PROTOCOL, value: SASL_SSL}
- {name: FLOVER_KAFKA_SASL_MECHANISM, value: SCRAM-SHA-512}
- {name: FLOVER_KAFKA_SSL_TRUSTSTORE_TYPE, value: PEM}
- {name: FLOVER_KAFKA_SSL_TRUSTSTORE_LOCATION, value: /etc/flover-ca/ca.crt}
- name: FLOVER_KAFKA_SASL_JAAS_CONFIG
  valueFrom:
    secretKeyRef: {name: {{ include "flover.fullname" $ }}-{{ .user }}, key: sasl.jaas.config}
{{- end }}
{{- with $.Values.env }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "flover.mounts" -}}
{{- $ := .root -}}
- {name: config, mountPath: /etc/flover, readOnly: true}
- {name: data, mountPath: /data}
- {name: tmp, mountPath: /tmp}
{{- if .secret }}
- {name: client, mountPath: /etc/flover-client, readOnly: true}
{{- else if and $.Values.strimzi.enabled $.Values.strimzi.users }}
- {name: ca, mountPath: /etc/flover-ca, readOnly: true}
{{- end }}
{{- end }}

{{- define "flover.volumes" -}}
{{- $ := .root -}}
- name: config
  configMap: {name: {{ include "flover.fullname" $ }}}
- name: data
  emptyDir: {sizeLimit: 64Mi}
- name: tmp
  emptyDir: {sizeLimit: 512Mi}
{{- if .secret }}
- name: client
  secret: {secretName: {{ .secret }}, defaultMode: 0440}
{{- else if and $.Values.strimzi.enabled $.Values.strimzi.users }}
- name: ca
  secret: {secretName: {{ $.Values.strimzi.cluster }}-cluster-ca-cert, defaultMode: 0440}
{{- end }}
{{- end }}

{{- /* What a pod of any kind has in common. */}}
{{- define "flover.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext: {{- include "flover.podSecurity" . | nindent 2 }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}
