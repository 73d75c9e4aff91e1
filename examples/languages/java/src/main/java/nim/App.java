// A NIM service with LoRA adapters: the service of stacks/Pulumi.dev.yaml in Java.
package nim;

import com.nimcomponent.nim.NIMService;
import com.nimcomponent.nim.NIMServiceArgs;
import com.nimcomponent.nim.inputs.NIMSecretsArgs;
import com.pulumi.Pulumi;
import com.pulumi.core.Either;
import java.util.List;
import java.util.Map;

public final class App {
    public static void main(String[] arguments) {
        Pulumi.run(context -> {
            var llama = new NIMService("llama3-8b", NIMServiceArgs.builder()
                .image("nvcr.io/nim/meta/llama3-8b-instruct:1.0.0")
                .cpu(2.0)
                .gpu(1)
                .mem("32Gi")
                .shmSize("24Gi")
                .secrets(NIMSecretsArgs.builder()
                    .ngcImageSecret("my-ngc-image-pull-secret")
                    .ngcSecretKey("ngc_api_key")
                    .secretsPrefix("_FSEC_")
                    .hfTokenKey("hf_token")
                    .hfTokenGroup("huggingface")
                    .build())
                .env(Map.of(
                    "NIM_PEFT_SOURCE", Either.ofLeft("/opt/nim/peft_adapters"),
                    "NIM_MODEL_MAX_BATCH_SIZE", Either.ofLeft("128")))
                .hfRepoIds(List.of(
                    Either.ofRight("my-org/my-lora-adapter-1"),
                    Either.ofRight("my-org/my-lora-adapter-2")))
                .loraAdapterMem("2Gi")
                .build());
            context.export("url", llama.url());
        });
    }
}
