// Dump prints the fields of the Go types of k8s.io/api as JSON, for ../table.py.
//
// Alpha and beta versions are skipped. A field is printed as `name`, `?` if it has omitempty, `!` if it
// has omitzero, and its type with `*`, `[]` and `{}` in front.
package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	kscheme "k8s.io/client-go/kubernetes/scheme"
)

var names = map[reflect.Type]string{}
var out = map[string][]string{}

func kind(t reflect.Type) string {
	switch t {
	case reflect.TypeOf(resource.Quantity{}):
		return "quantity"
	case reflect.TypeOf(intstr.IntOrString{}):
		return "intstr"
	case reflect.TypeOf(metav1.Time{}):
		return "time"
	case reflect.TypeOf(metav1.MicroTime{}):
		return "microtime"
	case reflect.TypeOf(metav1.Duration{}):
		return "duration"
	case reflect.TypeOf(metav1.FieldsV1{}), reflect.TypeOf(runtime.RawExtension{}):
		return "any"
	}
	if t.Kind() == reflect.Ptr {
		return "*" + kind(t.Elem())
	}
	if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 {
		return "bytes"
	}
	switch t.Kind() {
	case reflect.Slice:
		return "[]" + kind(t.Elem())
	case reflect.Map:
		return "{}" + kind(t.Elem())
	case reflect.String:
		return "str"
	case reflect.Bool:
		return "bool"
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint32, reflect.Uint64:
		return "int"
	case reflect.Float32, reflect.Float64:
		return "float"
	case reflect.Interface:
		return "any"
	case reflect.Struct:
		if _, ok := reflect.PointerTo(t).MethodByName("UnmarshalJSON"); ok {
			return "custom:" + t.String()
		}
		return walk(t)
	}
	return "??" + t.String()
}

func fields(t reflect.Type) []string {
	r := []string{} // a struct without fields is `[]` in JSON, not `null`
	for i := 0; i < t.NumField(); i++ {
		f := t.Field(i)
		tag := f.Tag.Get("json")
		if tag == "-" {
			continue
		}
		parts := strings.Split(tag, ",")
		inline := parts[0] == "" && f.Anonymous
		for _, p := range parts[1:] {
			if p == "inline" {
				inline = true
			}
		}
		if inline {
			e := f.Type
			if e.Kind() == reflect.Ptr {
				e = e.Elem()
			}
			r = append(r, fields(e)...)
			continue
		}
		if parts[0] == "" {
			continue
		}
		opt := ""
		for _, p := range parts[1:] {
			if p == "omitempty" {
				opt = "?"
			}
			if p == "omitzero" {
				opt += "!"
			}
		}
		r = append(r, parts[0]+opt+" "+kind(f.Type))
	}
	return r
}

func walk(t reflect.Type) string {
	if n, ok := names[t]; ok {
		return n
	}
	pkg := strings.TrimPrefix(t.PkgPath(), "k8s.io/api/")
	pkg = strings.TrimPrefix(pkg, "k8s.io/apimachinery/pkg/apis/")
	n := strings.ReplaceAll(pkg, "/", "_") + "." + t.Name()
	names[t] = n
	out[n] = fields(t)
	return n
}

func main() {
	s := kscheme.Scheme
	kinds := map[string]string{}
	for gvk, t := range s.AllKnownTypes() {
		if strings.Contains(gvk.Version, "alpha") || strings.Contains(gvk.Version, "beta") || gvk.Version == "__internal" || strings.HasSuffix(gvk.Kind, "List") || strings.HasSuffix(gvk.Kind, "Options") || gvk.Kind == "WatchEvent" {
			continue
		}
		if _, ok := t.FieldByName("ObjectMeta"); !ok {
			continue
		}
		kinds[gvk.GroupVersion().String()+" "+gvk.Kind] = walk(t)
	}
	b, _ := json.Marshal(map[string]any{"kinds": kinds, "structs": out})
	fmt.Println(string(b))
}
