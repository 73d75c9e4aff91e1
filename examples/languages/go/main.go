// A NIM service with LoRA adapters: the service of stacks/Pulumi.dev.yaml in Go.
package main

import (
	"github.com/nim-component/pulumi-nim/sdk/go/nim"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		llama, err := nim.NewNIMService(ctx, "llama3-8b", &nim.NIMServiceArgs{
			Image:   pulumi.String("nvcr.io/nim/meta/llama3-8b-instruct:1.0.0"),
			Cpu:     pulumi.Int(2),
			Gpu:     pulumi.Int(1),
			Mem:     pulumi.String("32Gi"),
			ShmSize: pulumi.String("24Gi"),
			Secrets: nim.NIMSecretsArgs{
				NgcImageSecret: pulumi.String("my-ngc-image-pull-secret"),
				NgcSecretKey:   pulumi.String("ngc_api_key"),
				SecretsPrefix:  pulumi.StringRef("_FSEC_"),
				HfTokenKey:     pulumi.String("hf_token"),
				HfTokenGroup:   pulumi.String("huggingface"),
			},
			Env: pulumi.Map{
				"NIM_PEFT_SOURCE":          pulumi.String("/opt/nim/peft_adapters"),
				"NIM_MODEL_MAX_BATCH_SIZE": pulumi.String("128"),
			},
			HfRepoIds:      []pulumi.Input{pulumi.String("my-org/my-lora-adapter-1"), pulumi.String("my-org/my-lora-adapter-2")},
			LoraAdapterMem: pulumi.String("2Gi"),
		})
		if err != nil {
			return err
		}
		ctx.Export("url", llama.Url)
		return nil
	})
}
