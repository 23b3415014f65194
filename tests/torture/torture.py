#!/usr/bin/env python3
"""Does to atk-train and atk-predict what happens to programs that are left alone over night, counts,
and says what went wrong.

  torture.py BUILD [PART...]      (`make torture`; every part unless some are named)

  kills        killed at random instants and at chosen calls (faults.c), resumed, perhaps killed
               again: the weights are those of a run in one piece
  disk         the disk is full after so many bytes (a tmpfs, or RLIMIT_FSIZE when not root)
  allocations  one allocation after the other fails, in training, resuming, predicting, dry runs
  together     several runs at once on one folder, and on one cache
  threads      a short run under ThreadSanitizer, from the programs of BUILD/tsan

TORTURE_KILLS, TORTURE_SIZES, TORTURE_ALLOCATIONS (at most, of each program) and TORTURE_SEED are
numbers. BUILD is a release build: the sanitizers want to be loaded first, and so does faults.c.
Exit status 1 when something went wrong; its folder is kept then.
"""
import filecmp
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TIMEOUT = 60  # seconds, for runs of a tenth of one

MODEL = """stem:
  - {width: 8, kernel: 3, stride: 2}
block: basic
stages:
  - {blocks: 1, width: 8, stride: 1}
  - {blocks: 1, width: 16, stride: 2}
norm: {kind: batch}
"""

CONFIGURATIONS = {
    'augmentation': ['--augment', 'standard'],
    'ema': ['--ema', '0.8'],
    'scope dataset': ['--scope', 'dataset'],
    'disk cache': ['--cache', 'disk'],
    'accumulate': ['--accumulate', '3', '--scope', 'step', '--batch-size', '2'],
    'cached features': ['--train', 'head', '--hflip', '0.5'],
}


class Torture:
    def __init__(self, build):
        self.build = os.path.abspath(build)
        self.folder = tempfile.mkdtemp(prefix='atk-torture-')
        self.random = random.Random(int(os.environ.get('TORTURE_SEED', '1')))
        self.wrong = []
        self.seconds = {}
        subprocess.run(['perl', f'{ROOT}/tests/cli/draw_tiny.pl', self.folder, '18'], check=True)
        yesterday = time.time() - 86400  # younger files are kept in no cache
        for name in os.listdir(self.folder):
            os.utime(self.path(name), (yesterday, yesterday))
        with open(self.path('tiny.yaml'), 'w') as f:
            f.write(MODEL)

    def path(self, name):
        return os.path.join(self.folder, name)

    def limit(self, name, default):
        return int(os.environ.get('TORTURE_' + name, default))

    def complain(self, text):
        self.wrong.append(text)
        print('  WRONG: ' + text)

    # ---- programs ----

    def environment(self, cache='cache', **more):
        return dict(os.environ, ATK_TRAIN_SHARE=ROOT, XDG_CACHE_HOME=self.path(cache), **more)

    def train(self, run, *options, program='atk-train'):
        return [f'{self.build}/{program}', self.path('photos.csv'), '--model',
                self.path('tiny.yaml'), '--size', '32', '--batch-size', '5', '--epochs', '2',
                '--val-split', '0.25', '--threads', '1', '--workers', '1', '--save-minutes',
                '0.00001', '-q', '--out', run, *options]

    def resume(self, run):
        return [f'{self.build}/atk-train', '--resume', run, '-q', '--max-minutes', '0']

    def run(self, command, what, kill_after=None, limit_bytes=None, **environment):
        """Exit status (negative: a signal) and standard error."""
        def set_limit():
            if limit_bytes is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
        p = subprocess.Popen(command, env=self.environment(**environment), preexec_fn=set_limit,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            _, err = p.communicate(timeout=kill_after if kill_after is not None else TIMEOUT)
        except subprocess.TimeoutExpired:
            p.kill()
            _, err = p.communicate()
            if kill_after is None:
                self.complain(f'{what}: hangs')
        return p.returncode, err

    def faulty(self, command, what, **faults):
        faults = {f'FAULTS_{name.upper()}': str(value) for name, value in faults.items()}
        return self.run(command, what, LD_PRELOAD=f'{self.build}/faults.so', **faults)

    def count(self, command, what):
        """Calls that change files, and allocations, of a whole run."""
        code, err = self.faulty(command, what, count=self.path('count'))
        if code != 0:
            self.complain(f'{what}: exit status {code}: {err}')
        with open(self.path('count')) as f:
            return [int(n) for n in f.read().split()]

    # ---- what must hold ----

    def fresh(self, name):
        run = self.path(name)
        shutil.rmtree(run, ignore_errors=True)
        return run

    def check_same(self, run, whole, what):
        for name in ('last.safetensors', 'best.safetensors', 'confusion_matrix.csv',
                     'val_predictions.csv', 'hard_examples.csv'):
            a, b = f'{run}/{name}', f'{whole}/{name}'
            if os.path.exists(b) and not (os.path.exists(a) and filecmp.cmp(a, b, False)):
                self.complain(f'{what}: {a} is not that of a run in one piece')
                shutil.copytree(run, self.fresh(f'wrong-{len(self.wrong)}'))
                return False
        return True

    def check_whole(self, run, what):
        """No file of a run is half of one."""
        for name in os.listdir(run) if os.path.isdir(run) else ():
            path = f'{run}/{name}'
            if '.tmp.' in name:
                continue
            with open(path, 'rb') as f:
                content = f.read()
            if name.endswith('.safetensors') and not safetensors_is_whole(content):
                self.complain(f'{what}: {path} is half a file')
            # A row that is being appended when a kill comes is cut off by the next start.
            if name in ('args.yaml', 'model.yaml', 'split.csv', 'summary.json',
                        'confusion_matrix.csv', 'val_predictions.csv',
                        'hard_examples.csv') and content[-1:] != b'\n':
                self.complain(f'{what}: {path} is half a file')

    def check_no_leftovers(self, run, what):
        for name in os.listdir(run):
            if '.tmp.' in name:
                self.complain(f'{what}: {run}/{name} was left behind')

    def check_message(self, code, err, what):
        if code < 0 or code > 2 or 'Sanitizer' in err:
            self.complain(f'{what}: ended with {code}: {err[-500:]}')
        elif code != 0 and not err.strip():
            self.complain(f'{what}: exit status {code} without a message')

    # ---- the parts ----

    def whole(self, name, options):
        """A run in one piece, how long it took and how many calls it makes."""
        run = self.fresh('whole ' + name)
        calls, _ = self.count(self.train(run, *options), name)
        start = time.time()
        self.run(self.train(self.fresh('timed'), *options), name)
        return run, time.time() - start, calls

    def kill_once(self, command, what, seconds, calls):
        """True when it was killed, and not over before."""
        if self.random.random() < 0.5:
            code, err = self.run(command, what, self.random.uniform(0, seconds))
        else:
            code, err = self.faulty(command, what, kill=self.random.randint(1, calls))
        if code not in (0, -signal.SIGKILL):
            self.complain(f'{what}: exit status {code}: {err}')
        return code == -signal.SIGKILL

    def killed_run(self, name, number, whole, seconds, calls, options, n):
        what, run = f'{name}, run {number}', self.fresh('killed')
        command = self.train(run, *options)
        while self.kill_once(command, what, seconds, calls):
            n['kills'] += 1
            self.check_whole(run, what)
            if os.path.exists(f'{run}/state.safetensors'):
                command = self.resume(run)
            else:
                n['before the first state'] += 1
                if os.path.isdir(run):
                    code, err = self.run(self.resume(run), what)
                    if code == 0:
                        break
                    self.check_message(code, err, what)
                run = self.fresh('killed')
            if self.random.random() < 0.5:
                break
        if not os.path.exists(f'{run}/summary.json') or '"finished"' not in open(
                f'{run}/summary.json').read():
            code, err = self.run(command, what)
            if code != 0:
                n['refused'] += 1
                self.complain(f'{what}: not resumed: {err}')
                return
        n['identical'] += self.check_same(run, whole, what)
        self.check_no_leftovers(run, what)

    def part_kills(self):
        most = self.limit('KILLS', 300)
        total = 0
        for i, (name, options) in enumerate(CONFIGURATIONS.items()):
            n = {'kills': 0, 'runs': 0, 'identical': 0, 'refused': 0, 'before the first state': 0}
            whole, seconds, calls = self.whole(name, options)
            until = most * (i + 1) // len(CONFIGURATIONS) - total
            while n['kills'] < until and not len(self.wrong) > 20:
                n['runs'] += 1
                if n['runs'] % 3 == 0:  # some with an empty cache
                    shutil.rmtree(self.path('cache'), ignore_errors=True)
                self.killed_run(name, n['runs'], whole, seconds, calls, options, n)
            total += n['kills']
            report(f'kills, {name}', n)

    def part_disk(self):
        n = {'sizes': 0, 'refused': 0, 'finished': 0, 'resumed': 0, 'identical': 0}
        options = CONFIGURATIONS['ema']
        whole, _, _ = self.whole('disk', options)
        used = sum(os.path.getsize(f'{whole}/{name}') for name in os.listdir(whole))
        largest = max(os.path.getsize(f'{whole}/{name}') for name in os.listdir(whole))
        sizes, disk = self.limit('SIZES', 200), self.path('disk')
        os.makedirs(disk, exist_ok=True)
        on_tmpfs = 'TORTURE_RLIMIT' not in os.environ and self.mount(disk, 4096)
        for i in range(sizes):
            n['sizes'] += 1
            if on_tmpfs:
                size = 4096 * (2 + (used // 4096 + 60) * i // sizes)
                self.mount(disk, size, again=True)
                self.full_disk(f'tmpfs of {size} bytes', f'{disk}/run', whole, None, options, n)
            else:
                size = largest * 5 // 4 * i // sizes
                self.full_disk(f'limit of {size} bytes', f'{disk}/run', whole, size, options, n)
            shutil.rmtree(f'{disk}/run', ignore_errors=True)
        if on_tmpfs:
            subprocess.run(['umount', disk], check=True)
        report('disk full (%s)' % ('tmpfs' if on_tmpfs else 'RLIMIT_FSIZE'), n)

    def mount(self, disk, size, again=False):
        option = f'{"remount," if again else ""}size={size}'
        return subprocess.run(['mount', '-t', 'tmpfs', '-o', option, 'none', disk],
                              stderr=subprocess.DEVNULL).returncode == 0

    def full_disk(self, what, run, whole, limit, options, n):
        code, err = self.run(self.train(run, *options), what, limit_bytes=limit)
        self.check_message(code, err, what)
        self.check_whole(run, what)
        if code == 0:
            n['finished'] += 1
        else:
            n['refused'] += 1
            if os.path.isdir(run):
                self.check_no_leftovers(run, what)
            if 'No space left' not in err and 'File too large' not in err:
                self.complain(f'{what}: says {err}')
            if not os.path.exists(f'{run}/state.safetensors'):
                return
            if limit is None:
                self.mount(os.path.dirname(run), 1 << 26, again=True)
            code, err = self.run(self.resume(run), what)
            if code != 0:
                self.complain(f'{what}: not resumed: {err}')
                return
            n['resumed'] += 1
        n['identical'] += self.check_same(run, whole, what)

    def part_allocations(self):
        options = CONFIGURATIONS['ema']
        whole, _, _ = self.whole('allocations', options)
        half = self.fresh('half')
        self.run(self.train(half, *options, '--max-minutes', '1e-9'), 'half')
        predict = [f'{self.build}/atk-predict', f'{whole}/last.safetensors',
                   self.path('photos.csv'), '--threads', '1', '-q', '--out', self.path('o.csv')]
        for name in ('train', 'resume', 'predict', 'dry run'):
            run = self.fresh('faulty')
            command = {'train': self.train(run, *options), 'resume': self.resume(run),
                       'predict': predict, 'dry run': self.train(run, *options, '--dry-run')}[name]
            prepare = (lambda: shutil.copytree(half, run)) if name == 'resume' else lambda: None
            self.each_allocation(name, command, prepare, run, whole)

    def each_allocation(self, name, command, prepare, run, whole):
        n = {'allocations': 0, 'tried': 0, 'refused': 0, 'went on': 0, 'resumed': 0}
        prepare()
        _, n['allocations'] = self.count(command, name)
        step = max(1, -(-n['allocations'] // self.limit('ALLOCATIONS', 1 << 30)))
        for number in range(1, n['allocations'] + 1, step):
            n['tried'] += 1
            what = f'{name}, allocation {number}'
            self.fresh('faulty'), self.fresh('faulty-dry-run')
            if os.path.exists(self.path('o.csv')):
                os.remove(self.path('o.csv'))
            prepare()
            code, err = self.faulty(command, what, malloc=number)
            self.check_message(code, err, what)
            self.check_whole(run, what)
            n['went on' if code == 0 else 'refused'] += 1
            if code != 0 and os.path.isdir(run):
                self.check_no_leftovers(run, what)
            if code != 0 and os.path.exists(self.path('o.csv')):
                self.complain(f'{what}: a table in spite of exit status {code}')
            if code != 0 and os.path.exists(f'{run}/state.safetensors'):
                code, err = self.run(self.resume(run), what)
                if code != 0:
                    self.complain(f'{what}: not resumed: {err}')
                n['resumed'] += 1
            if code == 0 and name in ('train', 'resume') and os.path.isdir(run):
                self.check_same(run, whole, what)
            if len(self.wrong) > 20:
                break
        report(f'failing allocations, {name}', n)

    def together(self, commands, what):
        processes = [subprocess.Popen(c, env=self.environment(), stdout=subprocess.DEVNULL,
                                      stderr=subprocess.PIPE, text=True) for c in commands]
        ended = []
        for p in processes:
            err = p.communicate(timeout=TIMEOUT)[1]
            self.check_message(p.returncode, err, what)
            ended.append(p.returncode)
        return ended

    def part_together(self):
        options = CONFIGURATIONS['disk cache']
        whole, _, _ = self.whole('together', options)
        n = {'rounds': self.limit('ROUNDS', 10), 'one folder, ran': 0, 'one folder, refused': 0,
             'one cache': 0, 'resumed at once, ran': 0, 'resumed at once, refused': 0}
        half = self.fresh('half')
        self.run(self.train(half, *options, '--max-minutes', '1e-9'), 'half')
        for _ in range(n['rounds']):
            run = self.fresh('one')
            codes = self.together([self.train(run, *options)] * 4, 'one folder')
            n['one folder, ran'] += codes.count(0)
            n['one folder, refused'] += 4 - codes.count(0)
            if codes.count(0) != 1:
                self.complain(f'four runs into one folder ended with {codes}')
            self.check_same(run, whole, 'four runs into one folder')

            shutil.rmtree(self.path('cache'), ignore_errors=True)
            runs = [self.fresh(f'own{i}') for i in range(4)]
            codes = self.together([self.train(r, *options) for r in runs], 'one cache')
            if codes != [0] * 4:
                self.complain(f'four runs with one cache ended with {codes}')
            n['one cache'] += sum(self.check_same(r, whole, 'one cache') for r in runs)

            run = self.fresh('one')
            shutil.copytree(half, run)
            codes = self.together([self.resume(run)] * 4, 'resumed at once')
            n['resumed at once, ran'] += codes.count(0)  # also one behind the other
            n['resumed at once, refused'] += 4 - codes.count(0)
            if codes.count(0) == 0:
                self.complain('resumed at once: nobody went on')
            self.check_same(run, whole, 'resumed at once')
        report('several at once', n)

    def part_threads(self):
        n = {'runs': 0}
        for name, options in CONFIGURATIONS.items():
            run = self.fresh('tsan')
            command = self.train(run, *options, '--threads', '4', '--workers', '3',
                                 program='tsan/atk-train')
            predict = [f'{self.build}/tsan/atk-predict', f'{run}/last.safetensors',
                       self.path('photos.csv'), '--threads', '4', '--workers', '3', '-q', '--out',
                       self.path('o.csv')]
            for c in (command, predict):
                code, err = self.run(c, name)
                n['runs'] += 1
                if code != 0 or 'ThreadSanitizer' in err:
                    self.complain(f'threads, {name}: exit status {code}: {err[-3000:]}')
        report('ThreadSanitizer', n)


def safetensors_is_whole(content):
    if len(content) < 8:
        return False
    header = int.from_bytes(content[:8], 'little')
    try:
        entries = json.loads(content[8:8 + header])
    except ValueError:
        return False
    end = max((e['data_offsets'][1] for name, e in entries.items() if name != '__metadata__'),
              default=0)
    return len(content) == 8 + header + end


def report(what, figures):
    print(f'{what}: ' + ', '.join(f'{key} {value}' for key, value in figures.items()), flush=True)


def main():
    if len(sys.argv) < 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    t = Torture(sys.argv[1])
    parts = sys.argv[2:] or ['kills', 'disk', 'allocations', 'together', 'threads']
    for part in parts:
        start = time.time()
        getattr(t, 'part_' + part)()
        print(f'{part}: {time.time() - start:.0f} s', flush=True)
    if t.wrong:
        print(f'{len(t.wrong)} things went wrong; see {t.folder}')
        return 1
    shutil.rmtree(t.folder)
    print('nothing went wrong')
    return 0


if __name__ == '__main__':
    sys.exit(main())
