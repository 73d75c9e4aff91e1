"""Objects that the provider treats specially.

Provider 4.32 wrote ../expected; only the secret values were replaced."""

import pulumi
import pulumi_kubernetes as k8s
from pulumi import Output

p = k8s.Provider("yaml", render_yaml_to_directory="rendered")
o = pulumi.ResourceOptions(provider=p)
L={"a":"b"}
long = "word " * 40
k8s.core.v1.ConfigMap("no-namespace", metadata={"name":"c1"}, data={"long": long, "tab":"a\tb", "multi":"x\n  y\n\nz", "trail":"x \ny", "num":"8","yes":"yes","empty":"","date":"2001-01-01","é":"ünï ✓ 😀","colon":"a: b","nl":"\n","two":"a\n\n","hash":"a #b","sq":"it's", "dq":'say "x"', "null":"null","a10":"1","a2":"1"}, binary_data={"b":"YQ=="}, immutable=False, opts=o)
k8s.apps.v1.Deployment("d", metadata={"name":"d","labels":{},"annotations":{"pulumi.com/skipAwait":"true"}}, spec={"replicas":1,"min_ready_seconds":0,"paused":False,"strategy":{},"selector":{"match_labels":L,"match_expressions":[]},"template":{"metadata":{"labels":L},"spec":{
  "host_network":False,"enable_service_links":False,"termination_grace_period_seconds":0,"priority_class_name":"","image_pull_secrets":[],"security_context":{"run_as_user":0,"supplemental_groups":[]},
  "init_containers":[{"name":"i","image":"x","command":["sh","-c","a\nb\n"],"tty":False,"restart_policy":"Always"}],
  "containers":[{"name":"a","image":"b","env":[{"name":"E","value":""},{"name":"F","value":"true"},{"name":"G","value":Output.secret("s3cr3t")}],"args":["", "--x=1", long],
  "resources":{"limits":{"cpu":"0.5","memory":"1024Mi","nvidia.com/gpu":2,"ephemeral-storage":"1.5Gi"},"requests":{"cpu":2,"memory":"2000"}},
  "ports":[{"container_port":80,"host_port":0,"protocol":""}],"liveness_probe":{"initial_delay_seconds":0,"timeout_seconds":5,"http_get":{"port":80,"path":""}},"security_context":{"privileged":False,"capabilities":{"drop":["ALL"],"add":[]}},
  "volume_mounts":[{"name":"v","mount_path":"/v","read_only":False,"sub_path":""}]}],
  "volumes":[{"name":"v","empty_dir":{}},{"name":"w","empty_dir":{"size_limit":"16384Mi"}},{"name":"s","secret":{"secret_name":"x","optional":False,"default_mode":0o400}},{"name":"pr","projected":{"sources":[{"config_map":{"name":"c","items":[{"key":"a","path":"b"}]}}]}}],
  "topology_spread_constraints":[{"max_skew":1,"topology_key":"z","when_unsatisfiable":"ScheduleAnyway","label_selector":{"match_labels":L}}],
  "tolerations":[{"operator":"Exists","key":"","toleration_seconds":0}],"node_selector":{}}}}, opts=o)
k8s.core.v1.Service("s", metadata={"name":"s","namespace":"ns"}, spec={"type":"","publish_not_ready_addresses":False,"selector":L,"ports":[{"port":80,"target_port":8080,"node_port":0},{"name":"n","port":81,"target_port":"http"}]}, opts=o)
k8s.core.v1.Secret("sec", metadata={"name":"sec"}, string_data={"k":"v"}, data={"l":"bA=="}, opts=o)
k8s.policy.v1.PodDisruptionBudget("pdb", metadata={"name":"pdb"}, spec={"min_available":"50%","selector":{}}, opts=o)
k8s.batch.v1.CronJob("cj", metadata={"name":"cj"}, spec={"schedule":"*/5 * * * *","suspend":False,"job_template":{"spec":{"template":{"spec":{"restart_policy":"Never","containers":[{"name":"a","image":"b"}]}}}}}, opts=o)
k8s.core.v1.PersistentVolumeClaim("pvc", metadata={"name":"pvc"}, spec={"access_modes":["ReadWriteOnce"],"storage_class_name":"","resources":{"requests":{"storage":"51200Mi"}}}, opts=o)
k8s.apiextensions.CustomResource("cr", api_version="example.com/v1", kind="Thing", metadata={"name":"cr"}, spec={"memory":"1024Mi","n":2,"f":0.5,"big":1234567.5,"off":False,"e":"","nul":None,"nest":[[1,[2]],{"a":[]}],"m":{}}, opts=o)
k8s.rbac.v1.ClusterRole("role", metadata={"name":"sys:role"}, rules=[{"api_groups":[""],"resources":["pods"],"verbs":["get"],"resource_names":[]}], opts=o)
k8s.storage.v1.StorageClass("sc", metadata={"name":"sc"}, provisioner="x", parameters={"a":"b"}, allow_volume_expansion=False, mount_options=[], opts=o)
k8s.autoscaling.v2.HorizontalPodAutoscaler("hpa", metadata={"name":"hpa"}, spec={"min_replicas":0,"max_replicas":3,"scale_target_ref":{"kind":"Deployment","name":"d","api_version":"apps/v1"},"metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"type":"AverageValue","average_value":"1000m"}}}],"behavior":{"scale_down":{"stabilization_window_seconds":0}}}, opts=o)
k8s.core.v1.Namespace("n", metadata={"name":"n"}, spec={}, opts=o)
k8s.networking.v1.NetworkPolicy("np", metadata={"name":"np"}, spec={"pod_selector":{},"ingress":[{}],"egress":[],"policy_types":["Ingress"]}, opts=o)
