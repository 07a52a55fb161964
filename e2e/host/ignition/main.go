// Validates Ignition configurations with Ignition's own parser, one file an argument, and prints what it read as one JSON
// object: for each file the decoded content of each path, and the units. Exits with 1 and the report where a
// configuration has an error or a warning.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/coreos/ignition/v2/config"
	"github.com/coreos/ignition/v2/config/v3_6_experimental/types"
	"github.com/vincent-petithory/dataurl"
)

type result struct {
	Files           map[string]string      `json:"files"`
	KernelArguments []types.KernelArgument `json:"kernelArguments"`
	Units           []types.Unit           `json:"units"`
}

func main() {
	bad := false
	results := map[string]result{}
	for _, path := range os.Args[1:] {
		raw, err := os.ReadFile(path)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		parsed, report, err := config.Parse(raw)
		if err != nil || len(report.Entries) > 0 {
			bad = true
			fmt.Fprintf(os.Stderr, "%s: %v\n%s", path, err, report.String())
			continue
		}
		read := result{Files: map[string]string{}, KernelArguments: parsed.KernelArguments.ShouldExist, Units: parsed.Systemd.Units}
		for _, file := range parsed.Storage.Files {
			content, err := dataurl.DecodeString(*file.Contents.Source)
			if err != nil {
				bad = true
				fmt.Fprintf(os.Stderr, "%s: %s: %v\n", path, file.Path, err)
				continue
			}
			read.Files[file.Path] = string(content.Data)
		}
		results[path] = read
	}
	if bad {
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(results); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
}
