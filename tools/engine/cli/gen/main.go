// Command pulumi-tentacle-gen writes the SDK of a Pulumi package for one language, with Pulumi's own generators.
//
// `pulumi package gen-sdk` asks the language hosts to do this, and the hosts that can be built from the module
// proxy are too old to answer; the generators themselves are part of pkg/v3.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	gogen "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

// tool is named in the header of every generated file.
const tool = "pulumi-tentacle-gen"

func main() {
	flags := flag.NewFlagSet(tool, flag.ExitOnError) // The imported packages fill the default set with theirs.
	pythonPackage := flags.String("python-package", "", "import `name` of the Python package, when not the schema's")
	flags.Usage = func() {
		fmt.Fprintf(flags.Output(), "usage: %s [flags] SCHEMA.json python|nodejs|go FOLDER\n", tool)
		flags.PrintDefaults()
	}
	if err := flags.Parse(os.Args[1:]); err != nil || flags.NArg() != 3 {
		flags.Usage()
		os.Exit(2)
	}
	if err := run(flags.Arg(0), flags.Arg(1), flags.Arg(2), *pythonPackage); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", tool, err)
		os.Exit(1)
	}
}

func run(schemaFile, language, folder, pythonPackage string) error {
	spec, err := readSpec(schemaFile)
	if err != nil {
		return err
	}
	if pythonPackage != "" {
		if err := setPythonPackage(spec, pythonPackage); err != nil {
			return err
		}
	}
	files, err := generate(*spec, language)
	if err != nil {
		return fmt.Errorf("generating the %s SDK from %s: %w", language, schemaFile, err)
	}
	return write(folder, files)
}

func readSpec(file string) (*schema.PackageSpec, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return nil, fmt.Errorf("%s is no Pulumi schema: %w", file, err)
	}
	return &spec, nil
}

// setPythonPackage changes the name of the Python package and leaves the schema's other options for Python alone.
func setPythonPackage(spec *schema.PackageSpec, name string) error {
	options := map[string]any{}
	if old, ok := spec.Language["python"]; ok {
		if err := json.Unmarshal(old, &options); err != nil {
			return fmt.Errorf("the schema's options for Python: %w", err)
		}
	}
	options["packageName"] = name
	text, err := json.Marshal(options)
	if err != nil {
		return err
	}
	if spec.Language == nil {
		spec.Language = map[string]schema.RawMessage{}
	}
	spec.Language["python"] = text
	return nil
}

func generate(spec schema.PackageSpec, language string) (map[string][]byte, error) {
	pkg, err := schema.ImportSpec(spec, nil, schema.NewNullLoader(), schema.ValidationOptions{})
	if err != nil {
		return nil, err
	}
	loader := schema.NewCachedLoader(nil) // The schema refers to no other package.
	switch language {
	case "python":
		return python.GeneratePackage(tool, pkg, nil, loader)
	case "nodejs":
		return nodejs.GeneratePackage(tool, pkg, nil, nil, false, loader)
	case "go":
		return gogen.GeneratePackage(tool, pkg, nil)
	default:
		return nil, fmt.Errorf("no generator for the language %q", language)
	}
}

func write(folder string, files map[string][]byte) error {
	for name, content := range files {
		file := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
