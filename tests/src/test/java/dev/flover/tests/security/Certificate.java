package dev.flover.tests.security;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/// A certificate for the loopback address, made by `keytool`, and a trust store that contains this certificate only.
record Certificate(Path keyStore, Path trustStore, String password) {
    private static final String TYPE = "PKCS12";

    static Certificate create(Path folder, String password)
            throws IOException, InterruptedException, GeneralSecurityException {
        var keys = folder.resolve("keys.p12");
        var secret = Files.writeString(folder.resolve("keytool.password"), password);
        var keytool = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair", "-alias", "server", "-keyalg", "EC", "-groupname", "secp256r1", "-validity", "2",
                "-dname", "CN=127.0.0.1", "-ext", "SAN=ip:127.0.0.1,dns:localhost", "-storetype", TYPE,
                "-keystore", keys.toString(), "-storepass:file", secret.toString()).inheritIO().start();
        if (!keytool.waitFor(60, TimeUnit.SECONDS) || keytool.exitValue() != 0) {
            throw new IOException("keytool made no certificate");
        }
        var trust = KeyStore.getInstance(TYPE);
        trust.load(null, null);
        trust.setCertificateEntry("server", load(keys, password).getCertificate("server"));
        var trusted = folder.resolve("trusted.p12");
        try (var out = Files.newOutputStream(trusted)) {
            trust.store(out, password.toCharArray());
        }
        return new Certificate(keys, trusted, password);
    }

    private static KeyStore load(Path file, String password) throws IOException, GeneralSecurityException {
        var store = KeyStore.getInstance(TYPE);
        try (var in = Files.newInputStream(file)) {
            store.load(in, password.toCharArray());
        }
        return store;
    }

    /// Makes the TLS context of a server that presents this certificate.
    SSLContext context() throws IOException, GeneralSecurityException {
        var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(load(keyStore, password), password.toCharArray());
        var context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, new SecureRandom());
        return context;
    }
}
