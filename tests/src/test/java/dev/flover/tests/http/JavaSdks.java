package dev.flover.tests.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.completions.CompletionCreateParams;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/// OpenAI's and LangChain4j's clients for Java, called as their users call them.
final class JavaSdks {
    private static final String MODEL = "chatty";
    private static final String QUESTION = "Who is there?";
    private static final int TOKENS = 12;
    private static final int LIMIT_S = 60;

    private JavaSdks() {}

    /// @param url the bridge's address, ending in `/v1`
    static void askWithOpenAisClient(String url) {
        OpenAIClient client = OpenAIOkHttpClient.builder().baseUrl(url).apiKey("none").maxRetries(0).build();
        try {
            var chat = ChatCompletionCreateParams.builder().model(MODEL).addUserMessage(QUESTION)
                    .maxCompletionTokens(TOKENS).temperature(0).build();
            String whole = client.chat().completions().create(chat).choices().getFirst().message().content()
                    .orElseThrow();
            try (var stream = client.chat().completions().createStreaming(chat)) {
                String streamed = stream.stream().flatMap(event -> event.choices().stream())
                        .map(choice -> choice.delta().content().orElse("")).collect(Collectors.joining());
                assertThat(streamed).isEqualTo(whole).isNotBlank();
            }
            var completion = client.completions().create(CompletionCreateParams.builder().model(MODEL)
                    .prompt("The old house").maxTokens(TOKENS).build());
            assertThat(completion.choices().getFirst().text()).isNotBlank();
            assertThat(client.models().list().data().getFirst().id()).isEqualTo(MODEL);
            assertThatThrownBy(() -> client.chat().completions().create(chat.toBuilder().topP(7).build()))
                    .isInstanceOf(BadRequestException.class).hasMessageContaining("top_p must be in (0, 1]");
            assertThatThrownBy(() -> client.chat().completions().create(chat.toBuilder().model("nobody").build()))
                    .isInstanceOf(NotFoundException.class);
        } finally {
            client.close();
        }
    }

    /// @param url the bridge's address, ending in `/v1`
    static void askWithLangChain4j(String url) throws Exception {
        var model = OpenAiChatModel.builder().baseUrl(url).apiKey("none").modelName(MODEL).maxTokens(TOKENS)
                .temperature(0.0).maxRetries(0).build();
        String whole = model.chat(QUESTION);

        var streaming = OpenAiStreamingChatModel.builder().baseUrl(url).apiKey("none").modelName(MODEL)
                .maxTokens(TOKENS).temperature(0.0).build();
        var pieces = new StringBuffer();
        var complete = new CompletableFuture<ChatResponse>();
        streaming.chat(QUESTION, new StreamingChatResponseHandler() {
            @Override
            public void onPartialResponse(String piece) {
                pieces.append(piece);
            }

            @Override
            public void onCompleteResponse(ChatResponse response) {
                complete.complete(response);
            }

            @Override
            public void onError(Throwable problem) {
                complete.completeExceptionally(problem);
            }
        });

        assertThat(complete.get(LIMIT_S, TimeUnit.SECONDS).aiMessage().text()).isEqualTo(whole).isNotBlank();
        assertThat(pieces.toString()).isEqualTo(whole);
        assertThat(complete.get().tokenUsage().outputTokenCount()).isBetween(1, TOKENS);
    }
}
