// Reads manifests of operators' resources from standard input, as a JSON array, and prints for each what its schema says:
// "KIND NAME: ok", or the error.
import { text } from 'node:stream/consumers';
import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject';
import { PrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule';
import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor';
import { KafkaTopic } from '@kubernetes-models/strimzi-kafka-operator/kafka.strimzi.io/v1/KafkaTopic';
import { KafkaUser } from '@kubernetes-models/strimzi-kafka-operator/kafka.strimzi.io/v1/KafkaUser';

const kinds = { KafkaTopic, KafkaUser, PrometheusRule, ScaledObject, ServiceMonitor };

for (const manifest of JSON.parse(await text(process.stdin))) {
    let outcome = 'ok';
    try {
        new kinds[manifest.kind](manifest).validate();
    } catch (error) {
        outcome = error.message;
    }
    console.log(`${manifest.kind} ${manifest.metadata.name}: ${outcome}`);
}
