// The platform of examples/platform in Go: namespace, storage class, Secrets, two NIM services and a
// client. One `pulumi up` creates everything in the correct order.
package main

import (
	"context"
	"strings"

	"github.com/nim-component/pulumi-nim/sdk/go/nim"
	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes"
	appsv1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/apps/v1"
	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	storagev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/storage/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

// labelWithTeam returns a transform that adds a label to every Kubernetes object of the program. The
// engine runs it, also for the children that the plugin creates.
func labelWithTeam(team string) pulumi.ResourceTransform {
	return func(_ context.Context, args *pulumi.ResourceTransformArgs) *pulumi.ResourceTransformResult {
		metadata, isMap := args.Props["metadata"].(pulumi.Map)
		if !strings.HasPrefix(args.Type, "kubernetes:") || !isMap {
			return nil
		}
		labels, isMap := metadata["labels"].(pulumi.Map)
		if !isMap {
			labels = pulumi.Map{}
		}
		labels["example.com/team"] = pulumi.String(team)
		metadata["labels"] = labels
		return &pulumi.ResourceTransformResult{Props: args.Props, Opts: args.Opts}
	}
}

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		project := config.New(ctx, "")
		if err := ctx.RegisterResourceTransform(labelWithTeam(project.Require("team"))); err != nil {
			return err
		}
		arguments := &kubernetes.ProviderArgs{}
		// Rendering to files needs no key; a cluster does.
		var apiKey pulumi.StringOutput
		if folder := project.Get("renderTo"); folder != "" {
			arguments.RenderYamlToDirectory = pulumi.String(folder)
			apiKey = pulumi.ToSecret(pulumi.String("no-key")).(pulumi.StringOutput)
		} else {
			apiKey = project.RequireSecret("ngcApiKey")
		}
		cluster, err := kubernetes.NewProvider(ctx, "cluster", arguments)
		if err != nil {
			return err
		}
		onCluster := pulumi.Provider(cluster)

		namespace, err := corev1.NewNamespace(ctx, "serving", &corev1.NamespaceArgs{
			Metadata: metav1.ObjectMetaArgs{
				Name:   pulumi.String("serving"),
				Labels: pulumi.StringMap{"pod-security.kubernetes.io/enforce": pulumi.String("restricted")},
			},
		}, onCluster)
		if err != nil {
			return err
		}
		inNamespace := namespace.Metadata.Name().Elem()

		shared, err := storagev1.NewStorageClass(ctx, "shared-models", &storagev1.StorageClassArgs{
			Metadata:             metav1.ObjectMetaArgs{Name: pulumi.String("shared-models")},
			Provisioner:          pulumi.String(project.Require("storageProvisioner")),
			VolumeBindingMode:    pulumi.String("WaitForFirstConsumer"),
			AllowVolumeExpansion: pulumi.Bool(true),
		}, onCluster)
		if err != nil {
			return err
		}

		secrets, err := createSecrets(ctx, apiKey, inNamespace, onCluster)
		if err != nil {
			return err
		}
		chat, err := nim.NewNIMService(ctx, "chat", &nim.NIMServiceArgs{
			Secrets:   secrets,
			Image:     pulumi.String("nvcr.io/nim/meta/llama3-8b-instruct:1.0.3"),
			Namespace: inNamespace,
			Replicas:  pulumi.IntRef(2),
			Cpu:       pulumi.Int(8),
			Mem:       pulumi.String("48Gi"),
			Cache: nim.CacheArgs{
				Size:         pulumi.String("100Gi"),
				AccessMode:   nim.CacheAccessModeReadWriteMany,
				StorageClass: shared.Metadata.Name(),
				Retain:       pulumi.BoolRef(true),
			},
		}, pulumi.Providers(cluster), pulumi.Protect(true))
		if err != nil {
			return err
		}
		embed, err := nim.NewNIMService(ctx, "embed", &nim.NIMServiceArgs{
			Secrets:   secrets,
			Image:     pulumi.String("nvcr.io/nim/nvidia/nv-embedqa-e5-v5:1.0.1"),
			Namespace: inNamespace,
			Cpu:       pulumi.Int(4),
			Mem:       pulumi.String("24Gi"),
			ShmSize:   pulumi.String("8Gi"),
			Cache:     nim.CacheArgs{EmptyDir: pulumi.BoolRef(true), Size: pulumi.String("20Gi")},
			Service:   nim.ServiceArgs{Annotations: pulumi.StringMap{"example.com/expose": pulumi.String("internal")}},
		}, pulumi.Providers(cluster))
		if err != nil {
			return err
		}
		if err := createClient(ctx, chat, embed, inNamespace, onCluster); err != nil {
			return err
		}
		ctx.Export("chatUrl", chat.Url)
		ctx.Export("embedUrl", embed.Url)
		return nil
	})
}

// createSecrets creates one pull Secret and one key for all services of the namespace. Their names
// are Outputs, so the services depend on them and do not read them.
func createSecrets(ctx *pulumi.Context, apiKey, namespace pulumi.StringOutput, opts ...pulumi.ResourceOption) (nim.NIMSecretsArgs, error) {
	login := pulumi.JSONMarshal(pulumi.Map{"auths": pulumi.Map{"nvcr.io": pulumi.Map{
		"username": pulumi.String("$oauthtoken"), "password": apiKey,
	}}})
	pull, err := corev1.NewSecret(ctx, "ngc-pull", &corev1.SecretArgs{
		Metadata:   metav1.ObjectMetaArgs{Name: pulumi.String("ngc-pull"), Namespace: namespace},
		Type:       pulumi.String("kubernetes.io/dockerconfigjson"),
		StringData: pulumi.StringMap{".dockerconfigjson": login},
	}, opts...)
	if err != nil {
		return nim.NIMSecretsArgs{}, err
	}
	keys, err := corev1.NewSecret(ctx, "ngc-key", &corev1.SecretArgs{
		Metadata:   metav1.ObjectMetaArgs{Name: pulumi.String("ngc-key"), Namespace: namespace},
		StringData: pulumi.StringMap{"NGC_API_KEY": apiKey},
	}, opts...)
	if err != nil {
		return nim.NIMSecretsArgs{}, err
	}
	return nim.NIMSecretsArgs{
		NgcImageSecret: pull.Metadata.Name(),
		NgcSecretKey:   pulumi.String("NGC_API_KEY"),
		NgcSecretGroup: keys.Metadata.Name(),
	}, nil
}

// createClient creates the client. It starts after both services are ready.
func createClient(ctx *pulumi.Context, chat, embed *nim.NIMService, namespace pulumi.StringOutput, onCluster pulumi.ResourceOption) error {
	models := pulumi.Array{}
	for _, service := range []*nim.NIMService{chat, embed} {
		models = append(models, pulumi.Map{"url": service.Url, "models": service.ModelNames})
	}
	endpoints, err := corev1.NewConfigMap(ctx, "endpoints", &corev1.ConfigMapArgs{
		Metadata: metav1.ObjectMetaArgs{Name: pulumi.String("endpoints"), Namespace: namespace},
		Data:     pulumi.StringMap{"models.json": pulumi.JSONMarshal(models)},
	}, onCluster)
	if err != nil {
		return err
	}
	labels := pulumi.StringMap{"app.kubernetes.io/name": pulumi.String("rag-client")}
	resources := pulumi.StringMap{"cpu": pulumi.String("100m"), "memory": pulumi.String("128Mi")}
	_, err = appsv1.NewDeployment(ctx, "rag-client", &appsv1.DeploymentArgs{
		Metadata: metav1.ObjectMetaArgs{Name: pulumi.String("rag-client"), Namespace: namespace},
		Spec: appsv1.DeploymentSpecArgs{
			Selector: metav1.LabelSelectorArgs{MatchLabels: labels},
			Template: corev1.PodTemplateSpecArgs{
				Metadata: metav1.ObjectMetaArgs{Labels: labels},
				Spec: corev1.PodSpecArgs{
					AutomountServiceAccountToken: pulumi.Bool(false),
					SecurityContext: corev1.PodSecurityContextArgs{
						RunAsNonRoot:   pulumi.Bool(true),
						RunAsUser:      pulumi.Int(1000),
						SeccompProfile: corev1.SeccompProfileArgs{Type: pulumi.String("RuntimeDefault")},
					},
					Containers: corev1.ContainerArray{corev1.ContainerArgs{
						Name:  pulumi.String("client"),
						Image: pulumi.String("registry.example.com/rag-client:2.3.1"),
						Env: corev1.EnvVarArray{
							corev1.EnvVarArgs{Name: pulumi.String("OPENAI_BASE_URL"), Value: pulumi.Sprintf("%s/v1", chat.Url)},
							corev1.EnvVarArgs{Name: pulumi.String("EMBEDDINGS_URL"), Value: pulumi.Sprintf("%s/v1", embed.Url)},
							corev1.EnvVarArgs{Name: pulumi.String("MODEL"), Value: chat.ModelNames.Index(pulumi.Int(0))},
						},
						Resources: corev1.ResourceRequirementsArgs{Requests: resources, Limits: resources},
						SecurityContext: corev1.SecurityContextArgs{
							AllowPrivilegeEscalation: pulumi.Bool(false),
							Capabilities:             corev1.CapabilitiesArgs{Drop: pulumi.StringArray{pulumi.String("ALL")}},
						},
						VolumeMounts: corev1.VolumeMountArray{corev1.VolumeMountArgs{
							Name: pulumi.String("endpoints"), MountPath: pulumi.String("/etc/endpoints"), ReadOnly: pulumi.Bool(true),
						}},
					}},
					Volumes: corev1.VolumeArray{corev1.VolumeArgs{
						Name:      pulumi.String("endpoints"),
						ConfigMap: corev1.ConfigMapVolumeSourceArgs{Name: endpoints.Metadata.Name()},
					}},
				},
			},
		},
	}, onCluster, pulumi.DependsOn([]pulumi.Resource{chat, embed}))
	return err
}
