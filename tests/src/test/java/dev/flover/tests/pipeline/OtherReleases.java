package dev.flover.tests.pipeline;

import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Sampling;
import dev.flover.schemas.serdes.RequestContract;
import java.util.function.UnaryOperator;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;

/// Contracts of other releases, whose requests have more or fewer fields than those of this release.
final class OtherReleases {
    private OtherReleases() {}

    /// Makes a release with three more fields, one of them among the sampling parameters. `style` and `mood` change
    /// nothing; `sampling.first_of` limits the draw to that many of the most probable tokens, as `top_k` does.
    static RequestContract withThreeFieldsMore() {
        return RequestContract.of(changed(text -> text
                .replace("{\"name\":\"answers\"",
                        "{\"name\":\"style\",\"type\":[\"null\",\"string\"],\"default\":null},"
                        + "{\"name\":\"mood\",\"type\":\"int\",\"default\":3},{\"name\":\"answers\"")
                .replace("{\"name\":\"top_k\"",
                        "{\"name\":\"first_of\",\"type\":\"int\",\"default\":0},{\"name\":\"top_k\"")),
                OtherReleases::meaning);
    }

    private static GenerationRequest meaning(GenericRecord said) {
        var request = RequestContract.request(said);
        int firstOf = (Integer) ((GenericRecord) said.get("sampling")).get("first_of");
        return firstOf == 0 ? request : GenerationRequest.newBuilder(request)
                .setSampling(Sampling.newBuilder(request.getSampling()).setTopK(firstOf).build()).build();
    }

    /// Makes a release without the field `echo`.
    static RequestContract withAFieldFewer() {
        return RequestContract.of(
                changed(text -> text.replaceFirst("\\{\"name\":\"echo\"[^}]*\\},", "")), RequestContract::request);
    }

    private static Schema changed(UnaryOperator<String> change) {
        return new Schema.Parser().parse(change.apply(GenerationRequest.getClassSchema().toString()));
    }

    /// Returns the request in the schema of the release with three more fields, with `sampling.first_of` set.
    static GenericRecord drawingAmong(int firstOf, GenerationRequest request) {
        var said = (GenericRecord) withThreeFieldsMore().read(request).said();
        var copy = GenericData.get().deepCopy(said.getSchema(), said);
        ((GenericRecord) copy.get("sampling")).put("first_of", firstOf);
        return copy;
    }
}
