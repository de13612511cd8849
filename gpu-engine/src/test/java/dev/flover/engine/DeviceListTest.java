package dev.flover.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceListTest {
    @Test
    void enginesHaveConsecutiveDevices() {
        var four = DeviceList.parse("4,5,6,7");
        assertThat(four.engines(2)).isEqualTo(2);
        assertThat(four.engines(4)).isEqualTo(1);
        assertThat(four.engines(8)).isEqualTo(1);
        assertThat(DeviceList.UNCHOSEN.engines(2)).isEqualTo(1);
        assertThat(four.ofEngine(1, 2, 2)).isEqualTo(DeviceList.parse("6,7"));
        assertThat(DeviceList.UNCHOSEN.ofEngine(1, 2, 2)).isEqualTo(DeviceList.parse("2,3"));
        assertThatThrownBy(() -> four.ofEngine(0, 3, 1)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("3 engines with 1 rank each need 3 devices, found the devices 4,5,6,7");
    }

    @Test
    void numbersAreReadInTheOrderOfRanks() {
        assertThat(DeviceList.parse("3, 1").ofRanks(2)).containsExactly(3, 1);
        assertThat(DeviceList.parse("0,0").ofRanks(2)).as("ranks that share a device").containsExactly(0, 0);
        assertThat(DeviceList.parse("3,1").toString()).isEqualTo("3,1");
        assertThat(DeviceList.parse("3,1").first(1).ofRanks(1)).containsExactly(3);
    }

    @Test
    void theFirstDevicesAreTakenIfNoneIsChosen() {
        assertThat(DeviceList.parse("").isChosen()).isFalse();
        assertThat(DeviceList.UNCHOSEN.ofRanks(4)).isEqualTo(List.of(0, 1, 2, 3));
        assertThat(DeviceList.UNCHOSEN.first(1)).isEqualTo(DeviceList.UNCHOSEN);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0,", ",", "a", "-1", "0;1", "12345"})
    void otherTextsAreRefused(String text) {
        assertThatThrownBy(() -> DeviceList.parse(text)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("expected numbers of devices with commas between them, such as 0,1, found " + text
                        + "; `flover devices` lists the devices");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "0,1 | 1 | 1 rank needs 1 device, found the devices 0,1",
        "3   | 2 | 2 ranks need 2 devices, found the device 3",
        "0,1 | 4 | 4 ranks need 4 devices, found the devices 0,1"
    })
    void anotherNumberOfDevicesThanOfRanksIsRefused(String text, int ranks, String message) {
        assertThatThrownBy(() -> DeviceList.parse(text).ofRanks(ranks)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @Test
    void devicesOfABackendOnTheProcessorAreRefused() {
        assertThatThrownBy(() -> Backends.open("cpu", 1, DeviceList.parse("0")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the backend cpu computes on the processor, but the device 0 was chosen; choose the "
                        + "backend cuda, or no device");
        assertThatThrownBy(() -> Backends.open("reference", 1, 2, DeviceList.parse("0,1")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("the backend reference computes on the processor, but the devices 0,1 were");
    }
}
