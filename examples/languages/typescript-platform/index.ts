// The platform of examples/platform in TypeScript: namespace, storage class, Secrets, two NIM
// services and a client. One `pulumi up` creates everything in the correct order.
import * as k8s from "@pulumi/kubernetes";
import * as nim from "@nim-component/nim";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();
const team = config.require("team");

// Adds a label to every Kubernetes object of the program. The engine runs it, also for the children
// that the plugin creates.
pulumi.runtime.registerResourceTransform((args) => {
  if (!args.type.startsWith("kubernetes:") || !args.props.metadata) {
    return undefined;
  }
  const { metadata } = args.props;
  const labels = { ...metadata.labels, "example.com/team": team };
  return { props: { ...args.props, metadata: { ...metadata, labels } }, opts: args.opts };
});

const cluster = new k8s.Provider("cluster", { renderYamlToDirectory: config.get("renderTo") });
const onCluster = { provider: cluster };

const namespace = new k8s.core.v1.Namespace(
  "serving",
  { metadata: { name: "serving", labels: { "pod-security.kubernetes.io/enforce": "restricted" } } },
  onCluster,
);
const inNamespace = namespace.metadata.name;

const shared = new k8s.storage.v1.StorageClass(
  "shared-models",
  {
    metadata: { name: "shared-models" },
    provisioner: config.require("storageProvisioner"),
    volumeBindingMode: "WaitForFirstConsumer",
    allowVolumeExpansion: true,
  },
  onCluster,
);

// One pull Secret and one key for all services of the namespace. Their names are Outputs, so the
// services depend on them and do not read them. Rendering to files needs no key; a cluster does.
const apiKey = config.get("renderTo") ? pulumi.secret("no-key") : config.requireSecret("ngcApiKey");
const pull = new k8s.core.v1.Secret(
  "ngc-pull",
  {
    metadata: { name: "ngc-pull", namespace: inNamespace },
    type: "kubernetes.io/dockerconfigjson",
    stringData: {
      ".dockerconfigjson": pulumi.jsonStringify({ auths: { "nvcr.io": { username: "$oauthtoken", password: apiKey } } }),
    },
  },
  onCluster,
);
const keys = new k8s.core.v1.Secret(
  "ngc-key",
  { metadata: { name: "ngc-key", namespace: inNamespace }, stringData: { NGC_API_KEY: apiKey } },
  onCluster,
);
const secrets = {
  ngcImageSecret: pull.metadata.name,
  ngcSecretKey: "NGC_API_KEY",
  ngcSecretGroup: keys.metadata.name,
};

const chat = new nim.NIMService(
  "chat",
  {
    secrets,
    image: "nvcr.io/nim/meta/llama3-8b-instruct:1.0.3",
    namespace: inNamespace,
    replicas: 2,
    cpu: 8,
    mem: "48Gi",
    cache: { size: "100Gi", accessMode: "ReadWriteMany", storageClass: shared.metadata.name, retain: true },
  },
  { providers: [cluster], protect: true },
);
const embed = new nim.NIMService(
  "embed",
  {
    secrets,
    image: "nvcr.io/nim/nvidia/nv-embedqa-e5-v5:1.0.1",
    namespace: inNamespace,
    cpu: 4,
    mem: "24Gi",
    shmSize: "8Gi",
    cache: { emptyDir: true, size: "20Gi" },
    service: { annotations: { "example.com/expose": "internal" } },
  },
  { providers: [cluster] },
);

const models = pulumi.all([chat, embed].map((service) => ({ url: service.url, models: service.modelNames })));
const endpoints = new k8s.core.v1.ConfigMap(
  "endpoints",
  {
    metadata: { name: "endpoints", namespace: inNamespace },
    data: { "models.json": pulumi.jsonStringify(models, undefined, 2) },
  },
  onCluster,
);

const clientLabels = { "app.kubernetes.io/name": "rag-client" };
new k8s.apps.v1.Deployment(
  "rag-client",
  {
    metadata: { name: "rag-client", namespace: inNamespace },
    spec: {
      selector: { matchLabels: clientLabels },
      template: {
        metadata: { labels: clientLabels },
        spec: {
          automountServiceAccountToken: false,
          securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
          containers: [
            {
              name: "client",
              image: "registry.example.com/rag-client:2.3.1",
              env: [
                { name: "OPENAI_BASE_URL", value: pulumi.interpolate`${chat.url}/v1` },
                { name: "EMBEDDINGS_URL", value: pulumi.interpolate`${embed.url}/v1` },
                { name: "MODEL", value: chat.modelNames.apply((names) => names![0]) },
              ],
              resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { cpu: "100m", memory: "128Mi" } },
              securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
              volumeMounts: [{ name: "endpoints", mountPath: "/etc/endpoints", readOnly: true }],
            },
          ],
          volumes: [{ name: "endpoints", configMap: { name: endpoints.metadata.name } }],
        },
      },
    },
  },
  // The client starts after both services are ready.
  { provider: cluster, dependsOn: [chat, embed] },
);

export const chatUrl = chat.url;
export const embedUrl = embed.url;
