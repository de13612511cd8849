package dev.flover.http.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AccessTokensTest {
    /// The digest of the token `test`, as sha256sum prints it.
    private static final String DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    @TempDir
    private Path folder;

    private AccessTokens tokens(String lines) throws Exception {
        return AccessTokens.open(Files.writeString(folder.resolve("tokens"), lines));
    }

    @Test
    void aTokenIsFoundByItsDigestAndNoOther() throws Exception {
        var tokens = tokens("# ours\n\n" + DIGEST + " tenant=acme priority=7 models=a,b\n");

        var grant = tokens.grant("test").orElseThrow();
        assertThat(grant.tenant()).isEqualTo("acme");
        assertThat(grant.priority()).isEqualTo(7);
        assertThat(grant.allows("b")).isTrue();
        assertThat(grant.allows("c")).isFalse();
        assertThat(grant.allows(null)).isFalse();
        assertThat(grant.scoped("x")).isEqualTo("acme/x");
        assertThat(tokens.grant("Test")).isEmpty();
        assertThat(tokens.grant(DIGEST)).as("the digest is no token").isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            test tenant=a                | 1: a line must begin with the SHA-256
            DIGEST                       | tenant= must be 1 to 64 of letters
            DIGEST tenant=a/b            | tenant= must be 1 to 64 of letters, digits, ., _ and -, was a/b
            DIGEST tenant=a priority=101 | priority= must be a whole number in [-100, 100], was 101
            DIGEST tenant=a quota=3      | expected tenant=, priority= or models=, found quota=3
            """)
    void aLineThatIsWrongIsSaid(String line, String words) {
        assertThatThrownBy(() -> tokens(line.replace("DIGEST", DIGEST))).isInstanceOf(TokenFileException.class)
                .hasMessageContaining(words).hasMessageContaining("tokens:1: ");
    }
}
