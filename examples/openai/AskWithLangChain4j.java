import dev.langchain4j.model.StreamingResponseHandler;
import dev.langchain4j.model.openai.OpenAiStreamingLanguageModel;
import dev.langchain4j.model.output.Response;
import java.util.concurrent.CompletableFuture;

/// Sends a prompt to the HTTP bridge with LangChain4j and prints the answer as it is committed.
///
///   java -cp LANGCHAIN4J_OPEN_AI_AND_ITS_LIBRARIES AskWithLangChain4j.java URL MODEL PROMPT
///
/// With a model that has a chat template, `OpenAiStreamingChatModel` is used in the same way.
class AskWithLangChain4j {
    public static void main(String[] arguments) {
        var model = OpenAiStreamingLanguageModel.builder().baseUrl(arguments[0]).apiKey("none")
                .modelName(arguments[1]).build();
        var ended = new CompletableFuture<String>();
        model.generate(arguments[2], new StreamingResponseHandler<String>() {
            @Override
            public void onNext(String text) {
                System.out.print(text);
            }

            @Override
            public void onComplete(Response<String> response) {
                ended.complete(String.valueOf(response.finishReason()));
            }

            @Override
            public void onError(Throwable problem) {
                ended.completeExceptionally(problem);
            }
        });
        System.out.println("\n" + ended.join());
    }
}
