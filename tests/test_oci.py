#!/usr/bin/env python3
"""dragoman-oci, with a runtime that only tells what it was given. conformance/containers has real ones.

usage: test_oci.py DRAGOMAN-OCI
"""
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import unittest

OCI = os.path.abspath(sys.argv.pop(1))

# Stands in for crun: notes its words, and the config or process it was to read.
FAKE_RUNTIME = f"""#!{sys.executable} -IS
import json, os, sys
words = sys.argv[1:]
if "state" in words:
	sys.exit(0 if os.environ.get("KNOWN") else 1)
told = dict(words=words)
for n, word in enumerate(words):
	if word == "--bundle":
		told["config"] = json.load(open(words[n + 1] + "/config.json"))
	if word == "--process":
		told["process"] = json.load(open(words[n + 1]))
json.dump(told, open(os.environ["TOLD"], "w"))
if os.environ.get("SIGNAL"):
	os.kill(os.getpid(), int(os.environ["SIGNAL"]))
sys.exit(int(os.environ.get("STATUS", "0")))
"""


class Oci(unittest.TestCase):
	def setUp(self):
		folder = tempfile.TemporaryDirectory()
		self.addCleanup(folder.cleanup)
		self.dir = os.path.realpath(folder.name)
		self.bundle = self.dir + "/bundle"
		self.room = self.dir + "/dragoman-oci/box"
		os.mkdir(self.bundle)
		with open(self.dir + "/runtime", "w") as f:
			f.write(FAKE_RUNTIME)
		os.chmod(self.dir + "/runtime", 0o755)

	def config(self, **changes):
		whole = dict(process=dict(args=["program", "word"], cwd="/"), root=dict(path="rootfs"), linux=dict(namespaces=[]),
			     mounts=[dict(destination="/dev", type="tmpfs", source="tmpfs")]) | changes
		self.write("config.json", json.dumps(whole))
		return whole

	def write(self, name, text):
		with open(f"{self.bundle}/{name}", "w", encoding="utf-8", errors="surrogateescape") as f:
			f.write(text)

	def oci(self, *words, env=()):
		env = dict(os.environ, DRAGOMAN_OCI_RUNTIME=self.dir + "/runtime", TOLD=self.dir + "/told", XDG_RUNTIME_DIR=self.dir,
			   ASAN_OPTIONS="detect_leaks=0") | dict(env)
		return subprocess.run([OCI, *words], env=env, cwd=self.bundle, capture_output=True, text=True,
				      stdin=subprocess.DEVNULL, timeout=60)

	def told(self, *words, status=0, env=()):
		done = self.oci(*words, env=env)
		self.assertEqual((done.returncode, done.stdout, done.stderr), (status, "", ""))
		with open(self.dir + "/told") as f:
			return json.load(f)

	def refused(self, words, reason, env=()):
		done = self.oci(*words, env=env)
		self.assertEqual((done.returncode, done.stdout), (1, ""), done)
		self.assertRegex(done.stderr, rf"\Adragoman-oci: [^\n]*{reason}[^\n]*\n\Z")
		self.assertFalse(os.path.exists(self.dir + "/told"))
		self.assertFalse(os.path.exists(self.room))

	# what is handed on as it came

	def test_other_commands_pass_word_for_word(self):
		for words in (["state", "box"], ["--log", "/dev/null", "kill", "box", "TERM"], ["list", "-f", "json"], ["features"],
			      ["--root=/r", "start", "box"], ["ps", "box", "-ef"], ["events", "--stats", "box"], ["spec"],
			      ["--cgroup-manager", "disabled", "update", "--memory", "1", "box"], []):
			env = dict(KNOWN="1")
			if "state" in words:
				self.assertEqual(self.oci(*words, env=env).returncode, 0)
			else:
				self.assertEqual(self.told(*words)["words"], words)

	def test_create_and_run_get_another_bundle(self):
		self.config()
		for words, rest in ((["create", "--bundle", self.bundle, "box"], ["create", "--bundle", self.room, "box"]),
				    (["create", "-b", self.bundle, "box"], ["create", "--bundle", self.room, "box"]),
				    (["create", f"-b{self.bundle}", "--pid-file", "p", "box"],
				     ["create", "--bundle", self.room, "--pid-file", "p", "box"]),
				    (["--debug", "run", "box"], ["--debug", "run", "--bundle", self.room, "box"]),
				    (["run", "--config=config.json", "--preserve-fds", "1", "box", f"--bundle={self.bundle}"],
				     ["run", "--bundle", self.room, "--preserve-fds", "1", "box"])):
			self.assertEqual(self.told(*words)["words"], rest)

	def test_the_room_lasts_as_long_as_the_container(self):
		self.config()
		self.told("create", "box")
		self.assertEqual(sorted(os.listdir(self.room)), ["config.json", "words.json"])
		self.told("delete", "box", status=1, env=dict(STATUS="1"))
		self.assertTrue(os.path.exists(self.room))
		self.told("delete", "--force", "box")
		self.assertFalse(os.path.exists(self.dir + "/dragoman-oci"))
		self.told("run", "box", status=7, env=dict(STATUS="7"))
		self.assertFalse(os.path.exists(self.room))
		self.told("run", "--detach", "box")
		self.assertTrue(os.path.exists(self.room))
		self.told("create", "box", status=128 + signal.SIGKILL, env=dict(SIGNAL="9"))
		self.assertFalse(os.path.exists(self.room))

	def test_a_containers_name_that_is_taken_is_the_runtimes_to_refuse(self):
		self.config()
		self.told("create", "box")
		words = ["create", "--bundle", self.bundle, "box"]
		self.assertEqual(self.told(*words, status=1, env=dict(KNOWN="1", STATUS="1"))["words"], words)
		self.assertTrue(os.path.exists(self.room))

	def test_root_says_where_rooms_are(self):
		self.config()
		root = self.dir + "/states"
		self.assertEqual(self.told("--root", root, "create", "box")["words"],
				 ["--root", root, "create", "--bundle", root + ".dragoman/box", "box"])

	# config.json

	def edited(self, **changes):
		self.config(**changes)
		return self.told("run", "box")["config"]

	def test_the_program_is_put_behind_the_front_door(self):
		self.assertEqual(self.edited()["process"]["args"], ["/dev/.dragoman/dragoman", "--core=/dev/.dragoman/dragoman-core",
								     "--", "program", "word"])

	def test_front_door_and_core_are_mounted_read_only(self):
		for dev, folder in ((dict(destination="/dev", type="tmpfs", source="t"), "/dev/.dragoman"),
				    (dict(destination="/dev", type="bind", source="/dev"), "/.dragoman")):
			mounts = self.edited(mounts=[dev])["mounts"]
			self.assertEqual(mounts[0], dev)
			self.assertEqual([m["destination"] for m in mounts[1:]], [folder + "/dragoman", folder + "/dragoman-core"])
			for mount in mounts[1:]:
				self.assertEqual((mount["type"], mount["options"]), ("bind", ["bind", "ro", "nosuid", "nodev"]))
				self.assertTrue(os.access(mount["source"], os.X_OK), mount)

	def test_everything_else_stays(self):
		before = self.config(hostname="h", hooks=dict(prestart=[]), annotations=dict(a="b"), unknown=[1, dict(x=None)])
		after = self.told("run", "box")["config"]
		for key in ("hostname", "hooks", "annotations", "unknown"):
			self.assertEqual(after[key], before[key])
		self.assertEqual(after["process"]["cwd"], "/")

	def test_paths_that_begin_at_the_bundle_are_made_absolute(self):
		mounts = [dict(destination="/a", type="bind", source="x"), dict(destination="/b", source="y", options=["rbind"]),
			  dict(destination="/c", type="tmpfs", source="tmpfs"), dict(destination="/d", type="bind", source="/z")]
		after = self.edited(mounts=mounts)
		self.assertEqual(after["root"]["path"], self.bundle + "/rootfs")
		self.assertEqual([m["source"] for m in after["mounts"][:4]],
				 [self.bundle + "/x", self.bundle + "/y", "tmpfs", "/z"])

	def test_an_init_stays_in_front(self):
		init = dict(destination="/run/podman-init", type="bind", source="/usr/bin/catatonit")
		args = self.edited(mounts=[init], process=dict(args=["/run/podman-init", "--", "program"]))["process"]["args"]
		self.assertEqual(args[:3], ["/run/podman-init", "--", "/.dragoman/dragoman"])
		args = self.edited(mounts=[], process=dict(args=["/run/podman-init", "--", "program"]))["process"]["args"]
		self.assertEqual(args[0], "/.dragoman/dragoman")

	def test_annotations_are_options(self):
		args = self.edited(annotations={"dragoman.trap": "sud", "dragoman.stats": "", "other": "x"})["process"]["args"]
		self.assertEqual(args[2:5], ["--trap=sud", "--stats", "--"])

	def test_a_bundle_of_another_system_gets_namespaces(self):
		self.config()
		with open(self.bundle + "/config.json") as f:
			config = json.load(f)
		del config["linux"]
		config["platform"] = dict(os="freebsd", arch="amd64")
		self.write("config.json", json.dumps(config))
		after = self.told("run", "box")["config"]
		self.assertNotIn("platform", after)
		self.assertIn(dict(type="mount"), after["linux"]["namespaces"])

	def test_what_is_for_other_kernels_is_refused(self):
		self.config(platform=dict(os="windows", arch="amd64"))
		self.refused(["run", "box"], "platform.os: windows")
		self.config(platform=dict(arch="amd64"))
		self.refused(["run", "box"], "platform.os: nothing")
		self.config(platform=dict(os="freebsd", arch="riscv64"))
		self.refused(["run", "box"], "platform.arch: riscv64")
		self.config(windows=dict(layerFolders=[]))
		self.refused(["run", "box"], "windows: is for that system's own kernel")

	# seccomp

	def profile(self, **profile):
		linux = self.edited(linux=dict(seccomp=profile))["linux"]
		return linux["seccomp"]

	def test_a_profile_gets_the_calls_it_lacks(self):
		rules = [dict(names=["read", "prctl"], action="SCMP_ACT_ALLOW"),
			 dict(names=["seccomp"], action="SCMP_ACT_ALLOW", args=[dict(index=0, value=1, op="SCMP_CMP_EQ")])]
		after = self.profile(defaultAction="SCMP_ACT_ERRNO", syscalls=rules)
		self.assertEqual(after["syscalls"][:2], rules)
		self.assertEqual(after["syscalls"][2:], [dict(names=["arch_prctl", "futex_waitv", "modify_ldt", "seccomp"],
							      action="SCMP_ACT_ALLOW")])

	def test_a_profile_that_has_them_stays(self):
		rules = [dict(names=["arch_prctl", "futex_waitv", "modify_ldt", "prctl", "seccomp"], action="SCMP_ACT_ALLOW")]
		self.assertEqual(self.profile(defaultAction="SCMP_ACT_KILL", syscalls=rules)["syscalls"], rules)

	def test_a_profile_that_only_forbids_stays(self):
		rules = [dict(names=["prctl"], action="SCMP_ACT_ERRNO")]
		self.assertEqual(self.profile(defaultAction="SCMP_ACT_ALLOW", syscalls=rules)["syscalls"], rules)

	# exec

	def test_exec_of_a_container_of_ours_is_edited(self):
		self.config()
		self.told("create", "box")
		front = ["/dev/.dragoman/dragoman", "--core=/dev/.dragoman/dragoman-core", "--"]
		self.assertEqual(self.told("exec", "--cwd", "/x", "-t", "box", "program", "-x")["words"],
				 ["exec", "--cwd", "/x", "-t", "box", *front, "program", "-x"])
		self.write("process.json", json.dumps(dict(args=["program"], env=["A=1"])))
		for option in (["--process", "process.json"], ["--process=process.json"], ["-p", "process.json"]):
			told = self.told("exec", *option, "--detach", "box")
			self.assertEqual(told["process"], dict(args=[*front, "program"], env=["A=1"]))
			self.assertEqual((told["words"][0], told["words"][3:]), ("exec", ["--detach", "box"]))
		with open(self.bundle + "/process.json") as f:
			self.assertEqual(json.load(f)["args"], ["program"])

	def test_exec_of_others_passes(self):
		self.assertEqual(self.told("exec", "other", "program")["words"], ["exec", "other", "program"])

	def test_a_bad_process_is_refused(self):
		self.config()
		self.told("create", "box")
		os.unlink(self.dir + "/told")
		for text, reason in (("{}", "args: is missing"), ('{"args": [null]}', "args: must be a list of words"), ("x", "not JSON")):
			self.write("process.json", text)
			done = self.oci("exec", "--process", "process.json", "box")
			self.assertEqual(done.returncode, 1)
			self.assertRegex(done.stderr, rf"\Adragoman-oci: process.json:[^\n]*{reason}[^\n]*\n\Z")

	# bad input

	def test_bad_json_is_refused(self):
		for text in ("", "{", "null", "[1]", '"x"', '{"a": 1, "a": 2}', '{"root": []}', '{"root": {"path": 1}}',
			     '{"root": {"path": "r"}, "process": 1}', '{"root": {"path": "r"}, "linux": []}',
			     '{"root": {"path": "r"}, "mounts": 1}', '{"root": {"path": "r"}, "annotations": []}',
			     '{"root": {"path": "r"}, "linux": {"seccomp": 1}}', "\udcff"):
			self.write("config.json", text)
			self.refused(["run", "box"], "config.json")

	def test_a_missing_bundle_is_refused(self):
		self.refused(["run", "box"], "config.json: No such file")
		self.refused(["run", "-b", "/none/such", "box"], "bundle /none/such: No such file")

	def test_names_that_are_paths_are_refused(self):
		self.config()
		for name in ("../x", "a/b", "..", "."):
			self.refused(["run", name], "not a container's id")

	def test_a_missing_runtime_is_told(self):
		self.config()
		self.refused(["run", "box"], r"/none \(DRAGOMAN_OCI_RUNTIME names it\): No such file", env=dict(DRAGOMAN_OCI_RUNTIME="/none"))
		self.refused(["list"], "neither crun nor runc", env=dict(DRAGOMAN_OCI_RUNTIME="", PATH="/none"))

	def test_what_is_said_is_in_the_log_too(self):
		self.refused(["--log", "log", "--log-format=json", "run", "box"], "config.json")
		with open(self.bundle + "/log") as f:
			line = json.load(f)
		self.assertEqual(line["level"], "error")
		self.assertIn("config.json: No such file", line["msg"])

	def test_any_config_is_edited_or_refused(self):
		"""A good one with values replaced at random: nothing crashes, and what is refused is refused in one line."""
		chance = random.Random(1)
		values = [None, 0, -1, True, "", "x", [], {}, [[]], [None], {"a": None}, ["a", 1]]

		def spoil(value):
			if chance.random() < 0.06:
				return chance.choice(values)
			if isinstance(value, dict):
				return {key: spoil(one) for key, one in value.items() if chance.random() > 0.02}
			return [spoil(one) for one in value] if isinstance(value, list) else value
		whole = self.config(annotations={"dragoman.trap": "sud"}, platform=dict(os="freebsd", arch="amd64"), linux=dict(
			seccomp=dict(defaultAction="SCMP_ACT_ERRNO", syscalls=[dict(names=["read"], action="SCMP_ACT_ALLOW", args=[])])),
			mounts=[dict(destination="/dev", type="tmpfs", source="t", options=["a", "rbind"])])
		for _ in range(150):
			self.write("config.json", json.dumps(spoil(whole)))
			done = self.oci("run", "box", env=dict(DRAGOMAN_OCI_RUNTIME="/bin/true"))
			self.assertIn((done.returncode, done.stdout), ((0, ""), (1, "")), done)
			self.assertLessEqual(done.stderr.count("\n"), 1)


if __name__ == "__main__":
	unittest.main()
