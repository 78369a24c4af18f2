// Package subprocess is what a project with subprocess tests looks like: the test binary starts itself, a shell
// and scripts, and talks to them.
package subprocess

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain turns the binary into its own child, as many projects' tests do.
func TestMain(m *testing.M) {
	switch os.Getenv("CHILD") {
	case "":
		os.Exit(m.Run())
	case "exit":
		os.Exit(3)
	case "cat":
		if _, err := io.Copy(os.Stdout, os.Stdin); err != nil {
			os.Exit(1)
		}
	case "sleep":
		os.Stdout.WriteString("ready\n")
		time.Sleep(time.Minute)
	case "system":
		os.Stdout.WriteString(runtime.GOOS)
	}
}

func self(t *testing.T, role string) *exec.Cmd {
	t.Helper()
	file, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(file)
	cmd.Env = append(os.Environ(), "CHILD="+role)
	return cmd
}

func TestSystem(t *testing.T) {
	out, err := self(t, "system").Output()
	if err != nil || string(out) != os.Getenv("WANT_GOOS") || runtime.GOOS != string(out) {
		t.Fatalf("child says %q, %v; parent %q", out, err, runtime.GOOS)
	}
}

func TestExitStatus(t *testing.T) {
	var exit *exec.ExitError
	if err := self(t, "exit").Run(); !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Fatal(err)
	}
}

func TestPipes(t *testing.T) {
	sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<15)
	cmd := self(t, "cat")
	cmd.Stdin = bytes.NewReader(sent)
	got, err := cmd.Output()
	if err != nil || !bytes.Equal(sent, got) {
		t.Fatalf("%d of %d bytes, %v", len(got), len(sent), err)
	}
}

func TestKilledChild(t *testing.T) {
	cmd := self(t, "sleep")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, 6)); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) {
		t.Fatal(err)
	} else if status := exit.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGTERM {
		t.Fatal(status)
	}
}

func TestShell(t *testing.T) {
	out, err := exec.Command("sh", "-c", "echo one; echo two").Output()
	if err != nil || string(out) != "one\ntwo\n" {
		t.Fatalf("%q, %v", out, err)
	}
}

func TestScriptWhoseInterpreterIsTheTest(t *testing.T) {
	file, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("#!"+file+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(script)
	cmd.Env = append(os.Environ(), "CHILD=cat")
	cmd.Stdin = strings.NewReader("through a script")
	out, err := cmd.Output()
	if err != nil || string(out) != "through a script" {
		t.Fatalf("%q, %v", out, err)
	}
}

func TestMissingProgram(t *testing.T) {
	if err := exec.Command("/none/such").Run(); !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
}
