"""The scripts of real/linux: each is given to bash in an empty folder; its output and files are compared."""

SHELL = r"""
set -u
declare -A age=([ann]=31 [bob]=27)
for n in "${!age[@]}"; do echo "$n ${age[$n]}"; done | sort
echo $((3 ** 7 % 11)) ${HOME%/*} "${RANDOM:+has random}"
diff <(seq 1 5) <(seq 2 6)
mapfile -t lines < <(printf '%s\n' x y z); echo "${#lines[@]} ${lines[*]^^}"
trap 'echo got usr1' USR1; kill -USR1 $$; trap 'echo leaving' EXIT
(exit 7); echo $?
for i in 1 2 3; do (sleep 0.0$i; echo "job $i" >out.$i) & done; wait; cat out.1 out.2 out.3
cat <<EOF | while read -r a b; do echo "$b-$a"; done
one two
three four
EOF
f() { local x=$1; ((x > 0)) && f $((x - 1)); echo "f $x"; }; f 4
echo "$(echo nested "$(echo deep)")" | tee copy; [[ abc =~ ^a(.)c$ ]] && echo "${BASH_REMATCH[1]}"
set -o pipefail; false | true; echo $?; yes | head -3; exec 5>five; echo to five >&5; exec 5>&-
printf '%05d|%-6s|%x\n' 42 ab 255; timeout 1 sleep 5; echo $?; /no/such/program; echo $?
coproc { read -r line; echo "co $line"; }; echo hi >&"${COPROC[1]}"; read -r answer <&"${COPROC[0]}"; echo "$answer"
kill -TERM $$
"""

COREUTILS = r"""
seq 1000 | sort -R --random-source=<(yes) | sort -n | uniq | tail -2
seq 20 | paste - - | join - <(seq 20 | paste - -) | head -3; seq 5 | tac | comm - <(seq 5) 2>/dev/null | wc -l
seq 100000 >n; md5sum n; sha512sum n | cut -c1-40; b2sum n | cut -c1-40; cksum n; sum n; base64 n | tail -1; od -An -tx1 n | head -2
split -n 4 n part.; ls -1 part.*; wc -c part.*; cat part.* | cmp - n && echo same
cp -a n m; touch -d '2001-02-03 04:05:06 UTC' m; stat -c '%A %s %Y %h %F' m; ln m hard; ln -s m soft; stat -c '%h %N' hard soft
mkdir -p a/b/c; mv m a/b; ls -lR --time-style=+ a | sed 's/total.*/total/'; rm -r a; test -e a || echo gone
date -u -d @1000000000 +%FT%T; factor 9999999967; expr 6 '*' 7; printf '%q\n' 'a b'; numfmt --to=iec 123456789
dd if=/dev/zero bs=4k count=3 2>/dev/null | tr '\0' x | fold -w 1000 | wc; truncate -s 5G big; stat -c %s big; rm big
mkfifo p; (echo through >p &); cat p; env -i A=b env; nice -n 3 nice; id -un; id -G; pwd; realpath soft || echo dangling
echo a:b:c | cut -d: -f2; echo hello | tr a-y b-z; nl -ba <(seq 3); fmt -w 20 <(seq -s ' ' 30); expand <(printf 'a\tb\n')
install -m 750 n o; stat -c %a o; chmod u=rw,go= o; stat -c %a o; chown 12:34 o; stat -c %u:%g o; nohup true; tty
(timeout -s KILL 0.05 sleep 3; exit $?) 2>/dev/null; echo $?; csplit -s n 10 '{2}'; wc -l xx*; shred -n1 -u o; ls; df --output=fstype /proc; sync
uname -s; nproc >/dev/null; hostname >/dev/null; who; users; ls --nothing; cat nothing; head -c 5 /dev/zero | od -c
"""

TOOLS = r"""
mkdir -p d/e; for i in $(seq 50); do echo "line $i of $((i * i))" >"d/e/f$i"; done
grep -rn 'of 4.*4$' d | sort; grep -c . d/e/f1; grep -rlZ 'of 9' d | xargs -0 ls; grep x nothing; echo $?
sed -n '/1/{s/line/LINE/;p}' d/e/f1[0-3]; sed -i 's/of/OF/' d/e/f2; cat d/e/f2
awk '{s += $4} END {print s, NR}' d/e/*; awk 'BEGIN { while (("ls d" | getline x) > 0) print "got", x; print sin(1), 2 ^ 60 }'
find d -name 'f*1' -size -1000 | sort; find d -type f -exec cat {} + | sort | md5sum
tar --sort=name --mtime=@0 --owner=0 --group=0 -czf t.tgz d; gzip -l t.tgz | tail -1 | awk '{print $2}'; mkdir x; tar -xzf t.tgz -C x; diff -r d x/d && echo equal
xz -k9 t.tgz; xz -t t.tgz.xz && echo fine; gzip -dc t.tgz | cksum; file t.tgz | cut -c1-40; diff -u --label a --label b d/e/f1 d/e/f2
echo 'all: b; cat b
b: a
	tr a-z A-Z <a >b
a:
	echo made >a' >Makefile; make -s; make -q && echo up to date; make -j4 -s -B
busybox sh -c 'for i in 1 2 3; do echo $i; done | busybox awk "{s+=\$1} END {print s}"; busybox md5sum t.tgz >/dev/null && busybox tar tzf t.tgz | busybox wc -l'
busybox find d -name f3; busybox sed -n 1p d/e/f1; echo abc | busybox od -c; busybox vi --help 2>&1 | head -1; busybox ls -l d | busybox wc -l
"""

PYTHON = r"""
cat >p.py <<'EOF'
import asyncio, collections, concurrent.futures, ctypes, decimal, hashlib, json, multiprocessing, os, random, re, select
import shutil, signal, socket, sqlite3, struct, subprocess, sys, tempfile, threading, time, zlib
print(sys.platform, sys.byteorder, struct.calcsize("q"), sys.float_info.max)
print(hashlib.sha256(b"x" * 100000).hexdigest(), zlib.crc32(b"abc"))
random.seed(5); print(random.random(), decimal.Decimal(2).sqrt())
with concurrent.futures.ThreadPoolExecutor(8) as pool: print(sum(pool.map(lambda n: n * n, range(200))))
with multiprocessing.get_context("fork").Pool(3) as pool: print(pool.map(abs, range(-5, 0)))
async def job(n):
	await asyncio.sleep(n / 1000); return n
async def main():
	print(await asyncio.gather(*(job(n) for n in (5, 1, 3))))
	p = await asyncio.create_subprocess_exec("echo", "child", stdout=-1); print(await p.communicate())
asyncio.run(main())
a, b = socket.socketpair(); a.sendall(b"ping"); print(b.recv(9), select.select([a], [b], [], 0)[1] == [b])
server = socket.create_server(("127.0.0.1", 0)); c = socket.create_connection(server.getsockname()); s, _ = server.accept()
s.sendall(b"tcp"); print(c.recv(5))
print(subprocess.run(["sh", "-c", "echo out; echo err >&2; exit 3"], capture_output=True))
seen = []; signal.signal(signal.SIGALRM, lambda n, f: seen.append(n)); signal.setitimer(signal.ITIMER_REAL, 0.01); time.sleep(0.05); print(seen)
db = sqlite3.connect("t.db"); db.execute("create table t (a)"); db.executemany("insert into t values (?)", [(n,) for n in range(1000)]); db.commit(); print(db.execute("select sum(a) from t").fetchone())
libc = ctypes.CDLL(None); print(libc.strlen(b"seven77"), ctypes.sizeof(ctypes.c_void_p))
callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))(lambda x, y: x[0] - y[0])
array = (ctypes.c_int * 5)(5, 1, 4, 2, 3); libc.qsort(array, 5, 4, callback); print(list(array))
print(os.stat("p.py").st_size, os.listdir("."), time.gmtime(0)[:6], os.cpu_count() > 0, time.strftime("%Z"))
r, w = os.pipe()
if os.fork() == 0: os.write(w, b"from child"); os._exit(4)
print(os.read(r, 99), os.WEXITSTATUS(os.wait()[1]))
lock = threading.Lock(); total = collections.Counter()
def add():
	for _ in range(3000):
		with lock: total["n"] += 1
ts = [threading.Thread(target=add) for _ in range(6)]; [t.start() for t in ts]; [t.join() for t in ts]; print(total)
raise SystemExit(9)
EOF
python3 -I p.py
"""

PERL = r"""
cat >p.pl <<'EOF'
use strict; use warnings; use Socket; use POSIX qw(:sys_wait_h floor strftime); use Digest::SHA qw(sha256_hex); use Time::HiRes qw(sleep); use List::Util qw(sum shuffle);
my %h = map { $_ => length } qw(one three fifteen); print join(",", map { "$_=$h{$_}" } sort keys %h), "\n";
print sha256_hex("x" x 1000), "\n", sum(1 .. 100), " ", floor(-2.5), " ", strftime("%F", gmtime(0)), "\n";
(my $t = "The quick brown fox") =~ s/(\w+)/\u\L$1/g; print "$t\n"; print sprintf("%.15g %s", 0.1 + 0.2, 2 ** 53), "\n";
pipe(my $r, my $w); my $pid = fork(); if (!$pid) { print $w "child says hi\n"; close $w; exit 3 } close $w; print <$r>; waitpid($pid, 0); print $? >> 8, "\n";
socketpair(my $p, my $q, AF_UNIX, SOCK_STREAM, 0); syswrite $p, "pair"; sysread $q, my $got, 10; print "$got\n";
local $SIG{ALRM} = sub { print "alarm\n" }; alarm 1; select undef, undef, undef, 5; print `echo backticks; exit 2`, $? >> 8, "\n";
open my $f, ">", "perl.out"; print $f pack("Nvq<", 1, 2, -3); close $f; print unpack("H*", do { local $/; open my $g, "<", "perl.out"; <$g> }), "\n";
my @s = sort { $a <=> $b } map { ($_ * 7919) % 1009 } 1 .. 500; print "@s[0..5]\n"; print +(stat "perl.out")[7], "\n"; die "the end\n";
EOF
perl p.pl
"""

SQLITE = r"""
sqlite3 t.db <<'EOF'
pragma journal_mode = wal;
create table a (id integer primary key, name text, value real); create index i on a (name);
with recursive n (x) as (select 1 union all select x + 1 from n where x < 20000)
insert into a select x, printf('name %05d', x * 7919 % 20011), x / 7.0 from n;
select count(*), sum(value), min(name), max(name) from a; select * from a where name glob '*00042';
begin; delete from a where id % 3 = 0; rollback; begin; update a set value = -value where id % 2; commit;
select round(sum(value), 6) from a; explain query plan select * from a where name = 'x';
create virtual table f using fts5(t); insert into f values ('the quick brown fox'), ('lazy dogs'); select * from f where f match 'quick';
select json_extract('{"a": [1, 2, {"b": 3}]}', '$.a[2].b'); pragma integrity_check; vacuum;
EOF
sqlite3 t.db .dump | md5sum; sqlite3 t.db 'select nothing'; echo $?; (sqlite3 -cmd '.timeout 3000' t.db 'begin immediate; insert into a values (99999, 1, 1); commit;' & sqlite3 -cmd '.timeout 3000' t.db 'select count(*) > 0 from a'; wait)
rm -f t.db*
"""

OPENSSL = r"""
head -c 300000 /dev/zero >z
for d in md5 sha1 sha256 sha3-256 blake2b512 sm3; do openssl dgst -$d z; done
for c in aes-256-cbc aes-128-ctr camellia-128-cbc chacha20; do openssl enc -$c -K 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f -iv 0f0e0d0c0b0a09080706050403020100 -in z 2>&1 | md5sum; done
openssl prime -generate -bits 64 >/dev/null && echo made; openssl prime 1000000007; openssl genrsa -out k.pem 1024 2>/dev/null
openssl req -x509 -new -key k.pem -subj /CN=test -days 3 -out c.pem && openssl verify -CAfile c.pem c.pem; openssl dgst -sha256 -sign k.pem -out s z
openssl rsa -in k.pem -pubout -out p.pem 2>/dev/null; openssl dgst -sha256 -verify p.pem -signature s z; openssl x509 -in c.pem -noout -subject
openssl speed -seconds 1 -bytes 1024 sha256 >/dev/null 2>&1 && echo speed; openssl speed -seconds 1 rsa1024 >/dev/null 2>&1 && echo speed
rm -f k.pem c.pem p.pem s
"""

GIT = r"""
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=c GIT_COMMITTER_EMAIL=c@d GIT_CONFIG_NOSYSTEM=1 HOME=$PWD
git init -q -b main r; cd r
for i in $(seq 25); do seq $i $((i * 40)) >f$((i % 5)); git add -A; GIT_AUTHOR_DATE="$((1600000000 + i)) +0000" GIT_COMMITTER_DATE="$((1600000000 + i)) +0000" git commit -qm "commit $i"; done
export GIT_AUTHOR_DATE='1700000000 +0000' GIT_COMMITTER_DATE='1700000000 +0000'
git log --oneline | head -3; git checkout -qb side HEAD~5; echo side >s; git add s; git commit -qm side; git checkout -q main; git merge -q side -m merged; git log --graph --format=%h%d | head -8
git gc -q; git fsck --full 2>&1; git count-objects -v | grep -v size; git repack -adfq --threads=2; git fsck --full; git repack -adfq --threads=1; git verify-pack -v .git/objects/pack/*.idx | tail -3
cd ..; git clone -q r c; git -C c log -1 --format=%H; git -C c diff HEAD~3 --stat; git clone -q --bare file://$PWD/r b.git; git -C c push -q ../b.git main:other; git -C b.git branch
git -C c blame f1 | tail -2; git -C c grep -c 77 | head -2; git -C c stash list; git -C c archive main | md5sum; git -C r status --short; cd r; git rebase -q HEAD~2 2>&1 | head -2; git bisect start -q HEAD HEAD~8 >/dev/null; git bisect run sh -c 'test ! -e s' 2>&1 | tail -1
cd ..; rm -rf r c b.git
"""

GCC = r"""
cat >m.c <<'EOF'
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
long fib(int);
static _Thread_local int mine;
static void *work(void *p) { mine = *(int *)p; return (void *)fib(20 + mine); }
int main(int argc, char **argv)
{
	pthread_t t[3]; int n[3] = {1, 2, 3}; void *r;
	for (int i = 0; i < 3; i++) pthread_create(&t[i], NULL, work, &n[i]);
	for (int i = 0; i < 3; i++) { pthread_join(t[i], &r); printf("%ld\n", (long)r); }
	printf("%d %s %.17g %zu %s\n", argc, argv[1], sin(1) * pow(2, 0.5), sizeof(void *), strerror(ENOENT));
	char *p = malloc(50 << 20); memset(p, 1, 50 << 20); free(p);
	return 7;
}
EOF
echo 'long fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }' >f.c
for o in -O0 -O2; do gcc $o -g -Wall m.c f.c -o m -lm -lpthread && ./m word; echo $?; sha256sum m; done
gcc -O2 -c f.c && ar rcs libf.a f.o && nm libf.a && gcc m.c -L. -lf -lm -o m2 && ./m2 x; objdump -d f.o | md5sum; strip m2 && size m2 | tail -1 | awk '{print $1}'
gcc -shared -fPIC f.c -o libf.so && gcc m.c -L. -lf -Wl,-rpath,'$ORIGIN' -lm -o m3 && ./m3 y; gcc -static m.c f.c -lm -o m4 && ./m4 z; echo 'int main( {' | gcc -x c - ; echo $?
gcc -fsanitize=undefined -O1 -x c - -o ub <<<'int main(int c, char **v) { int x = 0x7fffffff; return (x + c) & 3; }' && ./ub; rm -f m m2 m3 m4 ub *.o *.so *.a
"""

APT = r"""
export DEBIAN_FRONTEND=noninteractive
dpkg -l bash | tail -1 | awk '{print $1, $2, $3}'; dpkg -L coreutils | sort | md5sum; dpkg -S /bin/bash; dpkg --print-architecture; dpkg -s hello 2>&1 | head -1
dpkg-deb -f /root/spare/hello.deb Package Version; dpkg --compare-versions 1.2 lt 1.10 && echo less
apt-get -y -qq -o Dpkg::Use-Pty=0 install /root/spare/hello.deb 2>&1 | sed 's/^(Reading.*/READING/'; hello; dpkg -V hello; dpkg -s hello | grep Status
apt-get -y -qq -o Dpkg::Use-Pty=0 purge hello 2>&1 | sed 's/^(Reading.*/READING/'; hello; dpkg -i /root/spare/hello.deb | sed 's/^(Reading.*/READING/'; hello -t; dpkg -P hello | sed 's/^(Reading.*/READING/'
apt-config dump APT::Architecture; apt-cache policy hello | head -1; dpkg --audit
"""

# Programs from npm: each finds its own in PATH.

ESBUILD = r"""
mkdir -p src/parts
for i in $(seq 120); do
	cat >src/parts/m$i.ts <<END
import type { Shape } from "../shape"; import { value as next } from "./m$((i % 120 + 1))"; import * as all from "./m$(((i * 7) % 120 + 1))";
enum Kind$i { A = $i, B = A << 2, C = "c$i" as any } namespace Deep$i.Inner { export const x: number = Kind$i.B ** 2 }
export const value = (): number => $i + (typeof next == "function" ? 1 : 0); export default class M$i<T extends Shape> { #hidden = Deep$i.Inner.x; static names = Object.keys(all);
	get hidden() { return this.#hidden ?? $i } async *walk(t?: T) { for await (const x of [t?.size, ...M$i.names]) yield x } label = \`m\${Kind$i.C}\u00e9${i}\` }
export { M$i as "name $i" }; export const unused$i = /(?<year>\d{4})/u, big = ${i}n ** 3n;
END
	echo "export { default as M$i, value as v$i } from './parts/m$i';" >>src/index.ts
done
echo 'export interface Shape { size: number }' >src/shape.ts; echo '.a { color: #ff0000; & .b { inset: 0 } } @import "other.css";' >src/style.css; echo '@media (width >= 9px) { a:is(b, c) { top: calc(1px + 2px) } }' >src/other.css
echo 'import "./style.css"; import data from "./data.json"; import text from "./text.txt"; import { M1, v3 } from "./index"; export const view = <div class={data.a}>{text}{v3()}<M1 {...data}/></div>; export const lazy = () => import("./index");' >src/view.tsx
echo '{"a": [1, 2.50, {"b": null}]}' >src/data.json; printf 'some text\n\xc3\xa9\n' >src/text.txt; echo 'let x = 1; let x = 2; const y' >src/broken.ts; echo 'import "nowhere"; import "./nothing"' >src/missing.js
e() { echo "-- $*"; esbuild "$@" --log-level=warning; echo "status $?"; }
esbuild --version; e src/index.ts --bundle --minify --sourcemap --outfile=out/index.js --metafile=out/meta.json; e src/view.tsx --bundle --splitting --format=esm --outdir=out/split --jsx=automatic --external:react
e src/view.tsx src/index.ts --bundle --target=es2016,safari11 --outdir=out/old --legal-comments=none --external:react --supported:bigint=true --supported:async-generator=true; e src/style.css --bundle --minify --outdir=out; esbuild src/parts/*.ts --outdir=out/each --log-level=warning
e src/broken.ts; e src/missing.js --bundle --outdir=out; e --nothing; e nowhere.ts; e src/index.ts --bundle --analyze --outfile=out/a.js
echo 'let v: number = <any>1 + 2; console.log(`${v}`)' | e --loader=ts --minify --sourcemap=inline; for n in $(seq 20); do (esbuild src/index.ts --bundle --outfile=out/p$n.js --log-level=warning) & done; wait; md5sum out/p*.js | sort | uniq -c -w 32 | cut -c1-40; rm out/p*.js
cat >live.py <<'END'
import os, re, subprocess, time, urllib.request
def wait(what, condition):
	until = time.monotonic() + 100
	while not condition():
		assert time.monotonic() < until, what
		time.sleep(0.02)
def text(name):
	try: return open(name).read()
	except OSError: return ""
p = subprocess.Popen(["esbuild", "src/view.tsx", "--bundle", "--outdir=out", "--external:react", "--servedir=.", "--serve=127.0.0.1:0"], stdin=subprocess.PIPE, stderr=open("said", "w"))
place = lambda: re.search(r"http://127.0.0.1:\d+/", text("said")); wait("the server", place); place = place()[0]; os.remove("said")
for path in ("out/view.js", "out/view.css", "src/data.json", "nothing"):
	try:
		with urllib.request.urlopen(place + path, timeout=100) as r: body = r.read(); print(path, r.status, r.headers["content-type"], len(body))
	except urllib.error.HTTPError as e: print(path, e.code)
p.terminate(); print("ended", p.wait(100))
open("w.ts", "w").write("console.log('one' as string)")
p = subprocess.Popen(["esbuild", "w.ts", "--watch", "--outfile=out/w.js", "--log-level=warning"], stdin=subprocess.PIPE)
for word in ("one", "two", "three"):
	open(".new", "w").write("console.log('%s' as string)" % word); os.rename(".new", "w.ts")
	wait(word, lambda: word in text("out/w.js")); print(text("out/w.js"), end="")
p.stdin.close(); print("ended", p.wait(100))
END
python3 -I live.py
"""

SEVENZIP = r"""
mkdir -p d/e; for i in $(seq 60); do seq $i $((i * 97)) >"d/e/f$i"; done; head -c 300000 /dev/zero >d/zero; yes 'the quick brown fox' | head -c 200000 >d/text
ln -s e/f1 d/link; chmod 700 d/e/f7; : >d/empty; find d -exec touch -h -d '2001-02-03 04:05:06 UTC' {} +
q() { 7za "$@" -bd 2>&1 | sed '/^7-Zip/d; /^p7zip/d; s/ *[0-9]* [KM]iB//'; return "${PIPESTATUS[0]}"; }
while read -r archive how; do
	q a $how $archive d; q t $archive; mkdir x; q x -ox $archive >log; tail -5 log; diff -r d x/d && echo equal; stat -c '%A %Y' x/d/e/f7; rm -r x
done <<END
a.7z -mx=5 -mmt=2
b.7z -mx=9 -m0=PPMd
c.7z -m0=BZip2 -mmt=2
d.zip -mx=7 -mm=Deflate -mtc=off
e.zip -mm=BZip2 -mtc=off
f.tar -l
END
touch -d '2001-02-03 04:05:06 UTC' f.tar; for a in gz bz2 xz; do q a -mmt=2 f.tar.$a f.tar; 7za x -so f.tar.$a 2>/dev/null | cmp - f.tar && echo same; done
q a -psecret -mhe=on s.7z d/e; q l -pwrong s.7z; echo $?; 7za x -psecret -so s.7z d/e/f3 2>/dev/null | md5sum; rm s.7z
q l -slt a.7z d/e/f1; q d a.7z d/text; q u a.7z d; q l a.7z; q h -scrcSHA256 d/zero; q x nothing.7z; echo $?; head -c 1000 a.7z >broken.7z; q t broken.7z; echo $?
seq 100000 | 7za a -si stdin.7z -bd >/dev/null; 7za x -so stdin.7z 2>/dev/null | md5sum; rm stdin.7z
7za b 1 -mmt2 -md18 | sed '/^CPU Freq/d; s/[0-9][0-9]*/N/g; s/  */ /g'
"""

FFMPEG = r"""
ff() { ffmpeg -nostdin -hide_banner -nostats -v error -threads 2 "$@"; }
exact='-fflags +bitexact -flags:v +bitexact -flags:a +bitexact'
ff -f lavfi -i testsrc2=d=1:s=320x240:r=25 -f lavfi -i sine=d=1:f=440 -c:v ffv1 -c:a flac $exact source.mkv
ff -i source.mkv -c:v libx264 -preset medium -threads 2 -c:a aac $exact a.mp4; ff -i source.mkv -c:v libvpx -b:v 300k -threads 2 -c:a libvorbis -serial_offset 0 $exact b.webm
ff -i source.mkv -c:v mpeg4 -q:v 4 -c:a libmp3lame $exact c.avi; ff -i a.mp4 -c copy $exact d.ts; ff -i c.avi -vf fps=3 -c:v png f%d.png
for i in source.mkv a.mp4 b.webm c.avi d.ts; do ff -i $i -f md5 -; done; ff -i a.mp4 -vf 'scale=160:120,hqdn3d,eq=contrast=1.2' -af 'aresample=22050,atempo=1.5' -f framemd5 -
ff -i source.mkv -f rawvideo - | ff -f rawvideo -s 320x240 -pix_fmt yuv420p -i - -c:v mjpeg -f avi $exact - | md5sum; ffmpeg -hide_banner -i a.mp4 2>&1; ff -i nothing; echo $?; ffmpeg -hide_banner -codecs | md5sum;
ffmpeg -nostdin -v error -re -f lavfi -i testsrc2=r=30 -f mpegts live.ts & until [ -s live.ts ]; do sleep 0.05; done; kill -INT $!; wait $!; echo $?; rm live.ts
"""

SEVENZIP_LONG = r"""
mkdir data; cp -rL /usr/share/perl /usr/lib/python3.11/encodings /usr/lib/python3.11/asyncio data; find data -exec touch -h -d '2001-02-03 04:05:06 UTC' {} +
for how in '-mx=5 -mmt=2' '-mx=9 -mmt=4' '-m0=PPMd' '-m0=BZip2 -mmt=4'; do 7za a $how -bd a.7z data | tail -2; md5sum a.7z; mkdir x; 7za x -bd -ox a.7z | tail -4; diff -r data x/data && echo equal; rm -rf x a.7z; done
rm -rf data
"""

FFMPEG_LONG = r"""
ff() { ffmpeg -nostdin -hide_banner -nostats -v error "$@"; }
exact='-fflags +bitexact -flags:v +bitexact -flags:a +bitexact'
ff -f lavfi -i testsrc2=d=20:s=640x360:r=25 -f lavfi -i 'aevalsrc=sin(440*t)+0.3*sin(1234*t*t):d=20' -c:v ffv1 -c:a flac $exact source.mkv
for codec in 'libx264 -preset fast -threads 4' 'libx265 -preset ultrafast -x265-params log-level=none:pools=2' 'libvpx -b:v 500k -threads 4' mpeg2video 'libtheora -q:v 5' mjpeg; do
	ff -i source.mkv -t 8 -c:v $codec -c:a ac3 $exact out.mkv; echo "$codec $?"; ff -i out.mkv -f md5 -; rm out.mkv
done
"""

# Where real/fetch puts them: name -> {architecture: folder and file}.
FROM_NPM = {
	"esbuild": {"i386": "esbuild-linux-ia32/bin/esbuild", "amd64": "esbuild-linux/bin/esbuild"},
	"7za": {"i386": "7zip/linux/ia32/7za", "amd64": "7zip/linux/x64/7za"},
	"ffmpeg": {"i386": "ffmpeg-linux-ia32/ffmpeg"},
}

# name -> (script, seconds it may take); all are bash's. The first word of the name is the program.
SCRIPTS = {
	"bash": (SHELL, 60),
	"coreutils": (COREUTILS, 120),
	"tools": (TOOLS, 120),
	"python3": (PYTHON, 60),
	"perl": (PERL, 60),
	"sqlite3": (SQLITE, 60),
	"openssl": (OPENSSL, 120),
	"git": (GIT, 180),
	"gcc": (GCC, 180),
	"dpkg and apt": (APT, 180),
	"esbuild": (ESBUILD, 300),
	"7za": (SEVENZIP, 300),
	"ffmpeg": (FFMPEG, 300),
}
SCRIPTS_LONG = {
	"7za at length": (SEVENZIP_LONG, 1800),
	"ffmpeg at length": (FFMPEG_LONG, 1800),
}

# Classes of tests that do not end when the host's kernel runs them: this one connects to itself by vsock, which a virtual
# machine's kernel has without its loopback.
PYTHON_LEFT_OUT = {"socket": "ThreadedVSOCKSocketStreamTest"}

# python3 -m unittest test.test_X: what CI runs, and what the long form adds.
PYTHON_TESTS = ("ctypes", "fcntl", "mmap", "os", "posix", "select", "time")
PYTHON_TESTS_LONG = ("asyncio", "multiprocessing_fork", "multiprocessing_forkserver", "multiprocessing_main_handling",
		     "multiprocessing_spawn", "signal", "socket", "subprocess", "threading")
