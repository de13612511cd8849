package dev.flover.engine.chat.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.engine.chat.jinja.syntax.JinjaException;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class JinjaTemplateTest {
    private static final Clock CLOCK = Clock.fixed(Instant.parse("2026-07-04T09:05:07Z"), ZoneOffset.UTC);
    private static final long SEED = 20_260_704;
    private static final JsonNode LANGUAGE = language();
    private static final Map<String, Object> VALUES = values();

    static Stream<JsonNode> cases() {
        return StreamSupport.stream(LANGUAGE.get("cases").spliterator(), false);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void theLanguageIsWhatJinja2MakesOfIt(JsonNode sample) {
        String template = sample.get("template").asText();
        if (sample.has("expected")) {
            assertThat(render(template)).as(template).isEqualTo(sample.get("expected").asText());
        } else {
            assertThatThrownBy(() -> render(template))
                    .as(template)
                    .isInstanceOfSatisfying(JinjaException.class,
                            failure -> assertThat(failure.raised()).isEqualTo(sample.has("refused")));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"{% extends 'a' %}", "{% include 'a' %}", "{% import 'a' as b %}",
        "{% block x %}", "{% call f %}{% endcall %}", "{% filter %}{% endfilter %}", "{% with a %}{% endwith %}",
        "{% autoescape true %}{% endautoescape %}", "{% do x %}",
        "{% nonsense %}", "{% if x %}", "{% endif %}", "{{ x", "{{ }}", "{% for %}", "{# open", "{{ 'open }}",
        "{{ x ! }}",
        "{% raw %}", "{{ (1, }}", "{% set 1 = 2 %}", "{{ a..b }}", "{% break %}", "{{ '\\u12' }}", "{{ x[] }}",
        "{{ 99999999999999999999 }}", "{% macro m(%}{% endmacro %}", "{% if true %}{% endfor %}", "{{ 1 2 }}"})
    void whatCannotBeReadIsRefusedInASentence(String template) {
        assertThatThrownBy(() -> JinjaTemplate.parse(template, CLOCK))
                .isInstanceOf(JinjaException.class)
                .hasMessageMatching("(?s)(a|the) .{10,}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{{ ''.__class__ }}", "{{ words.getClass() }}", "{{ user.class }}", "{{ ''.getBytes() }}",
        "{{ range.__globals__ }}", "{{ namespace.call }}", "{{ raise_exception.call }}"})
    void aTemplateSeesNoObjectBehindAValue(String template) {
        try {
            assertThat(render(template)).isEmpty();
        } catch (JinjaException refused) {
            assertThat(refused).hasMessageContaining("not defined");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
        "{% set ns = namespace(s='ab') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
        "{% set ns = namespace(s=[1]) %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{{ 'a' * 999999999 }}", "{{ [1] * 999999999 }}", "{{ range(999999999) }}", "{{ 9 ** 9 ** 9 }}",
        "{% set a = 'a' * 9000 %}{{ a.replace('a', a) }}", "{% set a = 'a' * 1000000 %}{{ a | join(a) }}",
        "{% for i in range(100000) %}{{ 'x' * 1000 }}{% endfor %}", "{{ 'x'.zfill(999999999) }}",
        "{{ 'x'.ljust(999999999) }}", "{{ '%999999999d' % 1 }}", "{{ '%*d' % (999999999, 1) }}",
        "{{ '{:999999999}'.format(1) }}", "{{ [1] | batch(999999999, 0) | list }}", "{{ 'x' | center(999999999) }}",
        "{{ [1] | slice(999999999) | list }}", "{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}"
    })
    void whatATemplateMayUseIsBounded(String template) {
        assertThatThrownBy(() -> render(template)).isInstanceOf(JinjaException.class);
    }

    @Test
    void deepTemplatesAreRefusedNotFatal() {
        for (String template : List.of("{{ " + "(".repeat(50_000) + "1" + ")".repeat(50_000) + " }}",
                "{{ x" + ".y".repeat(50_000) + " }}", "{{ 1" + " + 1".repeat(50_000) + " }}",
                "{% if true %}".repeat(20_000) + "{% endif %}".repeat(20_000), "{{ " + "[".repeat(50_000) + " }}",
                "{{ " + "not ".repeat(50_001) + "x.y }}", "{{ 1 if ".repeat(1) + "1 if ".repeat(20_000) + "1 }}")) {
            assertThatThrownBy(() -> render(template)).isInstanceOf(JinjaException.class);
        }
    }

    @Test
    void mutatedTemplatesOnlyFailByName() {
        var random = new Random(SEED);
        var templates = cases().map(sample -> sample.get("template").asText()).toList();
        for (int i = 0; i < 4_000; i++) {
            var mutated = new StringBuilder(templates.get(random.nextInt(templates.size())));
            for (int change = random.nextInt(4); change >= 0 && !mutated.isEmpty(); change--) {
                String other = templates.get(random.nextInt(templates.size()));
                int at = random.nextInt(mutated.length());
                int from = random.nextInt(other.length());
                int to = Math.min(other.length(), from + random.nextInt(8));
                mutated.replace(at, Math.min(mutated.length(), at + random.nextInt(5)), other.substring(from, to));
            }
            try {
                assertThat(render(mutated.toString())).isNotNull();
            } catch (JinjaException named) {
                assertThat(named.getMessage()).as("seed %d, template %s", SEED, mutated).isNotBlank();
            }
        }
    }

    private static String render(String template) {
        return JinjaTemplate.parse(template, CLOCK).render(VALUES);
    }

    private static JsonNode language() {
        try (var expectations = JinjaTemplateTest.class.getResourceAsStream("/chat/language.json")) {
            return new ObjectMapper().readTree(expectations);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> values() {
        var json = new ObjectMapper().enable(DeserializationFeature.USE_LONG_FOR_INTS);
        return json.convertValue(LANGUAGE.get("values"), Map.class);
    }
}
