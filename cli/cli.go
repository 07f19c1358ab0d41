package cli

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"dunlin/core"
)

// Env is the world of one command.
type Env struct {
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	// Open opens the application on a data folder ("" = the user's own).
	Open func(ctx context.Context, g Globals) (*core.App, error)
	// Demo runs the main job on the demo company and prints it.
	Demo func(ctx context.Context, g Globals, out io.Writer) error
	// Secret finds a secret that the user handed over by environment or credentials file.
	Secret func(name string) (string, bool)
	// Ask asks on the terminal without echo; ok is false where there is no terminal.
	Ask func(prompt string) (answer string, ok bool)
	// ReadFile opens a file named on the command line, or standard input for "-".
	ReadFile func(name string) (io.ReadCloser, error)
	Now      func() time.Time
	Version  func() VersionInfo
}

// VersionInfo is what "dunlin version" says.
type VersionInfo struct {
	Version      string            `json:"version"`
	Commit       string            `json:"commit"`
	Go           string            `json:"go"`
	Dependencies map[string]string `json:"dependencies"`
}

// Globals are the flags that stand anywhere on the line.
type Globals struct {
	Data     string
	JSON     bool
	LogLevel string
	// For the window.
	Demo       bool
	Background bool
}

// The exit codes of interface.md.
const (
	ExitDone   = 0
	ExitFailed = 1
	ExitUsage  = 2
)

// usageError is a line that cannot be understood.
type usageError struct{ text string }

func (u *usageError) Error() string { return u.text }

func usage(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// Split takes the global flags out of a command line, wherever they stand.
func Split(args []string) (Globals, []string, error) {
	var g Globals
	var rest []string
	for i := 0; i < len(args); i++ {
		name, value, hasValue := strings.Cut(args[i], "=")
		switch strings.TrimLeft(name, "-") {
		case "data", "log-level":
			if !strings.HasPrefix(name, "-") {
				rest = append(rest, args[i])
				continue
			}
			if !hasValue {
				if i++; i >= len(args) {
					return g, nil, usage("%s needs a value", name)
				}
				value = args[i]
			}
			if strings.TrimLeft(name, "-") == "data" {
				g.Data = value
			} else {
				g.LogLevel = value
			}
			continue
		}
		switch args[i] {
		case "--json", "-json":
			g.JSON = true
		case "--demo", "-demo":
			g.Demo = true
		case "--background", "-background":
			g.Background = true
		default:
			rest = append(rest, args[i])
		}
	}
	return g, rest, nil
}

// call is one command under way.
type call struct {
	Env
	Globals
	ctx  context.Context
	args []string // behind the command's own words
}

// command is one entry of the command list.
type command struct {
	words string // "chase start"
	usage string // what stands behind the words
	help  string
	run   func(*call) error
}

func commands() []command {
	return []command{
		{"connect", "--location uk1|eu1|eu2|us1|URL --company ID [--auth userkey|oauth] [--find-location]", "check and store the connection with AccountsIQ; --find-location shows the keys to every location (but that of --location) and connects where one knows the company", (*call).connect},
		{"companies use", "ID", "open another company of the data folder; only the one that is open is synced and chased", (*call).companiesUse},
		{"companies", "", "list the companies of the data folder", (*call).companies},
		{"disconnect", "--erase", "erase the company's data and keys from this computer; without --erase only say what would go", (*call).disconnect},
		{"account", "[--name N --country C --timezone Z --currency C]", "show or set the business settings", (*call).account},
		{"mailbox add", "--address A --name N --smtp HOST:PORT --security tls|starttls|none --user U [--imap HOST:PORT --imap-security S] [--ca-file F] [--roles normal,escalated,cc,forewarn] [--no-verify]", "add a mailbox to send from", (*call).mailboxAdd},
		{"mailbox list", "", "list the mailboxes", (*call).mailboxList},
		{"mailbox remove", "ADDRESS", "remove a mailbox", (*call).mailboxRemove},
		{"settings get", "[KEY]", "list the settings", (*call).settingsGet},
		{"settings set", "KEY VALUE", "change a setting", (*call).settingsSet},
		{"schedule import", "FILE", "take a schedule from a JSON file", (*call).scheduleImport},
		{"schedule export", "FILE [--name NAME]", "write a schedule as JSON", (*call).scheduleExport},
		{"sync", "[--full]", "sync with AccountsIQ now", (*call).sync},
		{"customers", "[--status owing|all|...] [--search TEXT] [--csv]", "list customers", (*call).customers},
		{"invoices", "[--status outstanding|paid|all] [--customer CODE] [--search TEXT] [--csv]", "list invoices", (*call).invoices},
		{"invoice pdf", "NUMBER [FILE]", "write AccountsIQ's copy of an invoice to a new file, or to standard output for -", (*call).invoicePDF},
		{"plan", "[--at INSTANT] [--days N] | --case FILE", "say what would go, sending nothing", (*call).plan},
		{"run", "[--approve]", "sync, plan and send now", (*call).run},
		{"outbox", "", "list the messages and their states", (*call).outbox},
		{"activity", "", "list what happened", (*call).activity},
		{"why", "NUMBER", "say why an invoice will or will not be chased", (*call).why},
		{"chase start", "", "start chasing", (*call).chaseStart},
		{"chase pause", "[--until DATE]", "pause all chasing", (*call).chasePause},
		{"chase stop", "--customer CODE | --invoice NUMBER", "stop chasing one customer or invoice", (*call).chaseStop},
		{"chase resume", "--customer CODE | --invoice NUMBER", "chase one customer or invoice again", (*call).chaseResume},
		{"chase hold", "--until DATE --customer CODE | --invoice NUMBER", "hold one customer or invoice for a while", (*call).chaseHold},
		{"report ageing", "", "outstanding by age", (*call).ageing},
		{"backup", "FILE", "write a copy of the company's data", (*call).backup},
		{"restore", "FILE", "put a backup in the place of the data of its company", (*call).restore},
		{"demo", "", "the whole job on a demo company", (*call).demo},
		{"background", "", "sync and send in the background until stopped", (*call).background},
		{"version", "", "say which version this is", (*call).version},
	}
}

// Run carries out one command and returns the exit code.
func Run(ctx context.Context, env Env, g Globals, args []string) int {
	err := dispatch(ctx, env, g, args)
	if err == nil {
		return ExitDone
	}
	var u *usageError
	if errors.As(err, &u) {
		fmt.Fprintf(env.Stderr, "dunlin: %s\n", u.text)
		if g.JSON {
			writeJSON(env.Stdout, map[string]any{"error": core.Problem{Code: "usage", Message: u.text, Hint: "\"dunlin help\" lists the commands."}})
		}
		return ExitUsage
	}
	p := core.ProblemOf(err)
	fmt.Fprintf(env.Stderr, "dunlin: %s %s\n", p.Message, p.Hint)
	var t *told
	code := ExitFailed
	if errors.As(err, &t) && t.usage {
		code = ExitUsage
	}
	if g.JSON {
		out := map[string]any{"error": p}
		if t != nil {
			maps.Copy(out, t.with)
		}
		writeJSON(env.Stdout, out)
	}
	return code
}

// told is a failure that has more to say than its sentence: what stands beside "error" in the JSON.
type told struct {
	problem error
	with    map[string]any
	usage   bool // the line was not complete, so the exit code says so
}

func (t *told) Error() string { return t.problem.Error() }
func (t *told) Unwrap() error { return t.problem }

func dispatch(ctx context.Context, env Env, g Globals, args []string) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "--help" || args[0] == "-h" {
		printHelp(env.Stdout)
		return nil
	}
	all := commands()
	for _, c := range all {
		words := strings.Fields(c.words)
		if len(args) < len(words) || !slices.Equal(args[:len(words)], words) {
			continue
		}
		rest := args[len(words):]
		if slices.Contains(rest, "--help") || slices.Contains(rest, "-h") {
			fmt.Fprintf(env.Stdout, "dunlin %s %s\n  %s\n", c.words, c.usage, c.help)
			return nil
		}
		return c.run(&call{Env: env, Globals: g, ctx: ctx, args: rest})
	}
	for _, c := range all {
		if strings.HasPrefix(c.words, args[0]+" ") {
			return usage("%q needs one of: %s", args[0], strings.Join(subcommands(all, args[0]), ", "))
		}
	}
	return usage("there is no command %q; \"dunlin help\" lists them", args[0])
}

func subcommands(all []command, first string) []string {
	var out []string
	for _, c := range all {
		if rest, ok := strings.CutPrefix(c.words, first+" "); ok {
			out = append(out, rest)
		}
	}
	return out
}

func printHelp(w io.Writer) {
	fmt.Fprint(w, "Dunlin reminds your customers of unpaid invoices, from your own mailbox.\n\n"+
		"  dunlin                 open the window (--background: start in the tray)\n"+
		"  dunlin --demo          the window on a demo company\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  dunlin %s %s\n      %s\n", c.words, c.usage, c.help)
	}
	fmt.Fprint(w, "\nEverywhere: --data DIR (another data folder), --json, --log-level debug|info|warn|error\n")
}

// flags parses the command's own flags, wherever they stand among at most want other words, which it returns.
func (c *call) flags(want int, define func(*flag.FlagSet)) ([]string, error) {
	fs := flag.NewFlagSet("dunlin", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	if define != nil {
		define(fs)
	}
	var words []string
	rest := c.args
	for {
		if err := fs.Parse(rest); err != nil {
			return nil, usage("%s", strings.TrimPrefix(err.Error(), "flag "))
		}
		rest = fs.Args()
		if len(rest) == 0 {
			break
		}
		words, rest = append(words, rest[0]), rest[1:]
	}
	if len(words) > want {
		return nil, usage("%q is one word too many", words[want])
	}
	return words, nil
}

// app opens the application for one command.
func (c *call) app() (*core.App, error) { return c.Open(c.ctx, c.Globals) }

// with opens the application, does something with it, and closes it.
func (c *call) with(work func(*core.App) error) error {
	a, err := c.app()
	if err != nil {
		return err
	}
	return errors.Join(work(a), a.Close())
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// show prints the value as JSON when asked for, else lets plain print it.
func (c *call) show(v any, plain func(io.Writer)) error {
	if c.JSON {
		return writeJSON(c.Stdout, v)
	}
	plain(c.Stdout)
	return nil
}
