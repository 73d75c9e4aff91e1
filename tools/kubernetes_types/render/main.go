// Render renders JSON objects, one per line, as YAML. It uses the Go packages of the Pulumi Kubernetes
// provider, and its pruning (https://github.com/pulumi/pulumi-kubernetes, provider/pkg/provider).
//
// The documents on standard output end with a NUL byte. With an argument, objects are not normalised.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"reflect"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	kscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"
)

func pruneMap(source, target map[string]any) map[string]any {
	if target == nil || source == nil {
		return nil
	}
	result := make(map[string]any)
	for key, value := range source {
		valueT := reflect.TypeOf(value)
		if targetValue, ok := target[key]; ok {
			targetValueT := reflect.TypeOf(targetValue)
			if valueT == nil || targetValueT == nil || valueT != targetValueT {
				result[key] = value
				continue
			}
			switch valueT.Kind() {
			case reflect.Map:
				result[key] = pruneMap(value.(map[string]any), targetValue.(map[string]any))
			case reflect.Slice:
				result[key] = pruneSlice(value.([]any), targetValue.([]any))
			default:
				result[key] = value
			}
		}
	}
	return result
}
func pruneSlice(source, target []any) []any {
	if target == nil || source == nil {
		return nil
	}
	result := make([]any, 0, len(target))
	if len(source) == 0 || len(target) == 0 {
		return result
	}
	valueT := reflect.TypeOf(source[0])
	if valueT != reflect.TypeOf(target[0]) {
		return source
	}
	for i, targetValue := range target {
		if i+1 > len(source) {
			break
		}
		value := source[i]
		if value == nil || targetValue == nil {
			result = append(result, value)
			continue
		}
		switch valueT.Kind() {
		case reflect.Map:
			if n := pruneMap(value.(map[string]any), targetValue.(map[string]any)); n != nil {
				result = append(result, n)
			}
		case reflect.Slice:
			if n := pruneSlice(value.([]any), targetValue.([]any)); n != nil {
				result = append(result, n)
			}
		default:
			result = append(result, value)
		}
	}
	return result
}

func main() {
	sc := bufio.NewScanner(os.Stdin)
	sc.Buffer(make([]byte, 1<<26), 1<<26)
	raw := len(os.Args) > 1
	for sc.Scan() {
		var m map[string]any
		if err := json.Unmarshal(sc.Bytes(), &m); err != nil { // numbers are float64, as in the property map of the provider
			panic(err)
		}
		uns := &unstructured.Unstructured{Object: m}
		if !raw {
			if obj, err := kscheme.Scheme.New(uns.GroupVersionKind()); err == nil {
				if mo, ok := obj.(metav1.Object); ok {
					if err := runtime.DefaultUnstructuredConverter.FromUnstructured(uns.Object, mo); err == nil {
						if r, err := runtime.DefaultUnstructuredConverter.ToUnstructured(mo); err == nil {
							uns = &unstructured.Unstructured{Object: pruneMap(r, uns.Object)}
						}
					} else {
						fmt.Fprintln(os.Stderr, "not normalised:", err)
					}
				}
			}
			for _, f := range []string{"creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation", "managedFields", "resourceVersion", "uid"} {
				unstructured.RemoveNestedField(uns.Object, "metadata", f)
			}
		}
		b, err := json.Marshal(uns.Object)
		if err != nil {
			panic(err)
		}
		y, err := yaml.JSONToYAML(b)
		if err != nil {
			y = []byte("ERROR " + err.Error())
		}
		os.Stdout.Write(y)
		os.Stdout.Write([]byte{0})
	}
}
