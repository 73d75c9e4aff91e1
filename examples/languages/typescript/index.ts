// A NIM service with LoRA adapters: the service of stacks/Pulumi.dev.yaml in TypeScript.
import * as nim from "@nim-component/nim";

const llama = new nim.NIMService("llama3-8b", {
  image: "nvcr.io/nim/meta/llama3-8b-instruct:1.0.0",
  cpu: 2,
  gpu: 1,
  mem: "32Gi",
  shmSize: "24Gi",
  secrets: {
    ngcImageSecret: "my-ngc-image-pull-secret",
    ngcSecretKey: "ngc_api_key",
    secretsPrefix: "_FSEC_",
    hfTokenKey: "hf_token",
    hfTokenGroup: "huggingface",
  },
  env: {
    NIM_PEFT_SOURCE: "/opt/nim/peft_adapters",
    NIM_MODEL_MAX_BATCH_SIZE: "128",
  },
  hfRepoIds: ["my-org/my-lora-adapter-1", "my-org/my-lora-adapter-2"],
  loraAdapterMem: "2Gi",
});

export const url = llama.url;
