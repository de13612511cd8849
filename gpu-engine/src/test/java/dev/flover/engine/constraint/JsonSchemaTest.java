package dev.flover.engine.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.engine.constraint.machine.ConstraintException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonSchemaTest {
    private static final String PERSON = """
            {"type": "object", "properties": {"name": {"type": "string", "minLength": 1}, "age": {"type": "integer",
             "minimum": 0, "maximum": 150}}, "required": ["name"], "additionalProperties": false}""";

    @ParameterizedTest
    @ValueSource(strings = {"{\"name\":\"abc\"}", "{\"age\":0,\"name\":\"é\"}", "{\"name\":\"a\\n\",\"age\":150}"})
    void keysComeInAnyOrder(String text) {
        assertThat(Accepting.schema(PERSON).accepts(text)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "{\"name\":\"\"}", "{\"name\":\"a\",\"age\":151}", "{\"name\":\"a\",\"age\":-1}",
        "{\"name\":\"a\",\"name\":\"b\"}", "{\"name\":\"a\",\"other\":1}", "{\"name\":\"a\"", "{ \"name\":\"a\"}",
        "{\"name\":\"a\",}", "[]", "", "{\"age\":07,\"name\":\"a\"}"})
    void otherTextsAreStopped(String text) {
        assertThat(Accepting.schema(PERSON).accepts(text)).isFalse();
    }

    @Test
    void whiteSpaceStandsBetweenTokensWhereItIsAskedFor() {
        var spaced = Accepting.spaced(PERSON);
        assertThat(spaced.accepts("{\n  \"name\": \"a\",\n  \"age\": 3\n}")).isTrue();
        assertThat(spaced.accepts("{\"name\":\"a\"}")).isTrue();
        assertThat(spaced.accepts("{\"name\":\"a\"} ")).isFalse();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', value = {
        "{`multipleOf`: 0.05}|1.15|1.13", "{`exclusiveMinimum`: -2.5}|-2.49|-2.5", "{`maximum`: -10}|-10.0|-9.99",
        "{`enum`: [1, `a`, null]}|1|2", "{`const`: {`a`: [1]}}|{`a`:[1]}|{`a`:[1,1]}",
        "{`type`: `string`, `pattern`: `^(?!ab)[a-c]+$`}|`ba`|`abc`",
        "{`type`: `string`, `format`: `date`}|`2024-02-29`|`2023-02-29`",
        "{`type`: `string`, `maxLength`: 2}|`éé`|`abc`",
        "{`type`: `object`, `minProperties`: 2, `propertyNames`: {`maxLength`: 1}}|{`a`:1,`b`:2}|{`a`:1}",
        "{`type`: `object`, `dependentRequired`: {`a`: [`b`]}}|{`a`:1,`b`:2}|{`a`:1}",
        "{`type`: `array`, `items`: {`type`: `integer`}, `uniqueItems`: true}|[1,12,2]|[1,12,1]",
        "{`type`: `array`, `contains`: {`const`: 1}, `maxContains`: 1, `maxItems`: 2}|[1,2]|[1,1]",
        "{`type`: `array`, `prefixItems`: [{`type`: `null`}], `items`: false}|[null]|[null,1]",
        "{`not`: {`type`: [`string`, `object`]}}|[[]]|`a`",
        "{`oneOf`: [{`multipleOf`: 2}, {`multipleOf`: 3}], `type`: `integer`}|4|12",
        "{`if`: {`required`: [`a`]}, `then`: {`required`: [`b`]}, `type`: `object`}|{`b`:1}|{`a`:1}",
        "{`patternProperties`: {`^a`: {`const`: 1}}, `type`: `object`}|{`ab`:1,`b`:2}|{`ab`:2}",
        "{`allOf`: [{`minimum`: 3}, {`maximum`: 4}], `type`: `integer`}|3|12",
        "{`$ref`: `#/$defs/n`, `$defs`: {`n`: {`type`: `array`, `items`: {`$ref`: `#/$defs/n`}}}}|[[[]],[]]|[1]"})
    void keywordsAreExact(String schema, String valid, String invalid) {
        var constraint = Accepting.schema(schema.replace('`', '"'));
        assertThat(constraint.accepts(valid.replace('`', '"'))).as(valid).isTrue();
        assertThat(constraint.accepts(invalid.replace('`', '"'))).as(invalid).isFalse();
    }

    @Test
    void aKeyThatIsTakenIsNoLongerOffered() {
        var twoKeys = Accepting.schema("""
                {"type": "object", "propertyNames": {"enum": ["ab", "abc"]}, "minProperties": 2}""");
        assertThat(twoKeys.accepts("{\"ab\":1,\"abc\":2}")).isTrue();
        assertThat(twoKeys.accepts("{\"ab\":1,\"ab\":2}")).isFalse();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', value = {
        "{`properties`: {`a/b`: {`unevaluatedProperties`: false}}}|unevaluatedProperties at /properties/a~1b",
        "{`$ref`: `https://example.com/x`}|$ref at /$ref", "{`type`: `text`}|type at /type should be",
        "{`allOf`: [{`$ref`: `#`}]}|refers to itself", "{`type`: `string`, `pattern`: `(a)\\\\1`}|back-reference",
        "{`type`: `array`, `minItems`: 1000000000}|minItems at /minItems", "{`enum`: []}|no value satisfies",
        "{`type`: `string`, `format`: `regex`}|format at /format", "not JSON|is not JSON",
        "{`$ref`: `#/$defs/a`, `$defs`: {`a`: {`required`: [`a`], `type`: `object`, `properties`: {`a`: {`$ref`: "
                + "`#/$defs/a`}}}}}|no value satisfies"})
    void whatCannotBeUsedIsRefusedWithItsPlace(String schema, String message) {
        assertThatThrownBy(() -> Accepting.schema(schema.replace('`', '"')))
                .isInstanceOf(ConstraintException.class).hasMessageContaining(message);
    }

    @Test
    void aSchemaOfTenMegabytesIsRefusedByItsLength() {
        String huge = "{\"description\": \"" + "x".repeat(10 << 20) + "\"}";
        assertThatThrownBy(() -> Accepting.schema(huge)).isInstanceOf(ConstraintException.class)
                .hasMessageContaining("characters; at most");
    }
}
