package dev.flover.tests.house;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/// The arrows of the house: leaves know nothing of each other, and a library stays where it belongs.
@AnalyzeClasses(packages = "dev.flover", importOptions = ImportOption.DoNotIncludeTests.class)
class LayeringTest {
    private static final String ENGINE = "dev.flover.engine..";
    private static final String SCHEMAS = "dev.flover.schemas..";
    private static final String TOPOLOGY = "dev.flover.topology..";
    private static final String APP = "dev.flover.app..";

    @ArchTest
    static final ArchRule engineKnowsNoWireFormatAndNoOtherModule = noClasses().that().resideInAPackage(ENGINE)
            .should().dependOnClassesThat().resideInAnyPackage(SCHEMAS, TOPOLOGY, APP, "org.apache.kafka..",
                    "org.apache.avro..", "io.confluent..");

    @ArchTest
    static final ArchRule schemasKnowNoOtherModule = noClasses().that().resideInAPackage(SCHEMAS)
            .should().dependOnClassesThat().resideInAnyPackage(ENGINE, TOPOLOGY, APP);

    @ArchTest
    static final ArchRule topologyDoesNotKnowTheApp = noClasses().that().resideInAPackage(TOPOLOGY)
            .should().dependOnClassesThat().resideInAnyPackage(APP);

    @ArchTest
    static final ArchRule cudaBindingStaysInItsBackend = noClasses()
            .that().resideOutsideOfPackage("dev.flover.engine.backend.cuda..")
            .should().dependOnClassesThat().resideInAnyPackage("jcuda..");

    @ArchTest
    static final ArchRule vectorApiStaysInTheCpuBackend = noClasses()
            .that().resideOutsideOfPackage("dev.flover.engine.backend.cpu..")
            .should().dependOnClassesThat().resideInAnyPackage("jdk.incubator.vector..");

    @ArchTest
    static final ArchRule relocatedLibrariesAreTheRegistryClientsOwn = noClasses()
            .that().resideInAPackage("dev.flover..").and().resideOutsideOfPackage("dev.flover.app.embedded..")
            .should().dependOnClassesThat().resideInAnyPackage("org.apache.pinot..");

    @ArchTest
    static final ArchRule everyClassIsInAModulesPackage = classes()
            .should().resideInAnyPackage(ENGINE, SCHEMAS, TOPOLOGY, APP);
}
