"""The script of each run, and what starts it."""
import os
import re
import subprocess

from .console import Failure, print_error, say, warn
from .programs import last_line, run
from .files import quoted, read_text, save

JOB = """\
#!/usr/bin/env bash
{identity}
cd {working_folder} || exit 1
{share}
name={name}
run={run}
log={log}
test={test}
fail() {{ # status log
    case $1 in
    130 | 143) echo "$name: interrupted" ;;
    *)
        touch "$run.failed"
        echo "$name: failed: $2"
        ;;
    esac
    exit "$1"
}}
is_finished() {{ grep -qE '"status": "(finished|stopped early)"' "$run/summary.json" 2>/dev/null; }}
figure() {{ sed -E "s/.*\\"$1\\": ([^,}}]{{1,6}}).*/\\1/" "$run/summary.json"; }}

if is_finished; then
    :
elif [ -e "$run/state.safetensors" ] && [ ! -e "$run.failed" ]; then
    {train} --resume "$run" --threads {threads} >>"$log" 2>&1 || fail $? "$log"
else
    rm -rf "$run" "$run.failed" "$test.json" "$log.test"
    {train} {train_options} \\
        >"$log" 2>&1 || fail $? "$log"
fi
if ! is_finished; then # --max-minutes
    echo "$name: out of time"
    exit 0
fi
"""
JOB_TEST = """\
if [ ! -e "$test.json" ]; then
    mkdir -p {test_folder}
    # As the run has validated.
    {predict} {predict_options} \\
        $(sed -nE 's/^(tta|on-bad-image|max-pixels|batch-size): ([a-z0-9]+)$/--\\1=\\2/p' "$run/args.yaml") \\
        --json --out "$test.csv" --confusion-matrix "$test.confusion.csv" \\
        "$run" {test_table} >"$log.test" 2>&1 || fail $? "$log.test"
    tail -n 1 "$log.test" >"$test.json.tmp" && mv "$test.json.tmp" "$test.json"
fi
"""
JOB_END = """\
rm -f "$run.failed"
echo "$name: validation accuracy $(figure best_accuracy), balanced $(figure best_balanced_accuracy)," \\
    "$(figure seconds) s"
"""


def job_text(sweep, a_run):
    options, folder = sweep.options, sweep.folder(a_run)
    train_table, test_table = sweep.tables_of(a_run)
    models = os.environ.get("ATK_TRAIN_SHARE", "")
    text = JOB.format(
        identity=sweep.identity(a_run), working_folder=quoted(os.getcwd()),
        share=f"export ATK_TRAIN_SHARE={quoted(models)}" if models else "",
        name=quoted(a_run.name), run=quoted(folder), log=quoted(f"{sweep.out}/logs/{a_run.name}.log"),
        test=quoted(f"{sweep.out}/test/{a_run.name}"), train=quoted(sweep.programs.train),
        threads=sweep.threads,
        train_options=quoted(
            "--threads", str(sweep.threads), "--cache", "disk", *options.train,
            *a_run.setting.options, "--seed", str(a_run.seed), "--out", folder, "--", train_table))
    if test_table:
        text += JOB_TEST.format(
            test_folder=quoted(f"{sweep.out}/test"), predict=quoted(sweep.programs.predict),
            predict_options=quoted(*options.table_options, "--threads", str(sweep.threads)),
            test_table=quoted(test_table))
    return text + JOB_END


def check_runs(sweep):
    """Whether the runs that are there are those that are wanted."""
    for a_run in sweep.runs:
        folder, job = sweep.folder(a_run), sweep.job(a_run)
        if (os.path.exists(job) and os.path.exists(folder) and
                sweep.identity(a_run) not in read_text(job).split("\n")):
            raise Failure(f"{folder} was made with other options or data (see {job}): give another "
                          "--out", 2)


def make_jobs(sweep):
    """The script of each run and the lists of them; -> the runs that are not done."""
    for a_run in sweep.runs:
        save(sweep.job(a_run), job_text(sweep, a_run))
    save(f"{sweep.out}/jobs/list.tsv", "".join(
        "\t".join([a_run.name, str(a_run.seed), *([f"fold={a_run.fold}"] if a_run.fold else []),
                   *(f"{name}={value}" for name, value in a_run.setting.items)]) + "\n"
        for a_run in sweep.runs))
    todo = [a_run for a_run in sweep.runs if not sweep.is_done(a_run)]
    save(f"{sweep.out}/jobs/todo.txt",
         "".join(sweep.job(a_run) + "\n" for a_run in todo))
    return todo


# Settings that change which images are kept on disk, or at which size.
OF_THE_CACHE = re.compile("size|exif|jpeg-scale|max-pixels|augment|crop-.*|cache-scale|val|val-split")


def fill_cache(sweep, todo):
    """One dry run for each combination of those settings and each split (whose validation images are
    kept at another size). It decodes what is not there yet, and finds what is wrong with the data."""
    filled = set()
    log = f"{sweep.out}/logs/check.log"
    for a_run in todo:
        items = tuple(item for item in a_run.setting.items if OF_THE_CACHE.fullmatch(item[0]))
        if (a_run.seed, a_run.fold, items) in filled:
            continue
        filled.add((a_run.seed, a_run.fold, items))
        with open(log, "wb") as file:
            status = run([sweep.programs.train, "--cache", "disk", *sweep.options.train,
                          *a_run.setting.options, "--seed", str(a_run.seed), "--dry-run", "--out",
                          f"{sweep.out}/check", "--", sweep.tables_of(a_run)[0]],
                         stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)
        if status != 0:
            said = last_line(read_text(log)) or f"atk-train has ended with status {status}"
            raise Failure(f"{log}: {said}", status)
        if sweep.options.cache != "disk":
            break  # of no use to the runs, but errors are found


def run_parallel(sweep):
    """In a session of its own, so that Ctrl-C does not reach it: TERM (from run) lets atk-train save
    its state, which takes one batch, but a second signal ends it at once."""
    options = sweep.options
    machines = ["--sshloginfile", options.sshlogin] if options.sshlogin else []
    with open(f"{sweep.out}/jobs/todo.txt", "rb") as jobs, \
            open(f"{sweep.out}/logs/parallel.log", "wb") as log:
        run(["parallel", "--will-cite", "--jobs", str(options.jobs), "--joblog",
             f"{sweep.out}/joblog", "--retries", str(options.retries), "--termseq",
             "TERM,60000,KILL,25", *machines, "bash", "{}"],
            stdin=jobs, stderr=log, start_new_session=True, pass_fds=[sweep.lock_file])


def write_slurm(sweep, todo):
    # As Slurm reads it: \ and " escaped, %% for %.
    logs = re.sub(r'([\\"])', r"\\\1", f"{sweep.out}/logs").replace("%", "%%")
    save(f"{sweep.out}/sweep.slurm", f"""\
#!/usr/bin/env bash
#SBATCH --job-name=atk-sweep
#SBATCH --array=1-{len(todo)}%{sweep.options.jobs}
#SBATCH --cpus-per-task={sweep.threads}
#SBATCH --output="{logs}/slurm-%A_%a.out"
exec bash "$(sed -n "${{SLURM_ARRAY_TASK_ID}}p" {quoted(f"{sweep.out}/jobs/todo.txt")})"
""")
    say(f"to start: sbatch {quoted(f'{sweep.out}/sweep.slurm')}")
    say("when they have ended, the same command again writes the tables")


def report_failures(sweep, todo):
    """-> whether there was none."""
    failed = [a_run for a_run in todo if not sweep.is_done(a_run)]
    for a_run in failed:
        log = f"{sweep.out}/logs/{a_run.name}.log"
        if os.path.exists(log + ".test"):
            log += ".test"
        if sweep.has_failed(a_run):
            warn(f"failed: {log}: {last_line(read_text(log))}")
        else:
            warn(f"not finished: {sweep.folder(a_run)}; started again, the sweep goes on")
    if failed:
        for line in read_text(f"{sweep.out}/logs/parallel.log").splitlines()[-3:]:
            print_error(line)
    return not failed
