"""abigen.py must refuse every kind of wrong table, naming the line."""

import io
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
from contextlib import redirect_stderr

ABI = pathlib.Path(__file__).resolve().parents[1] / "abi"
sys.path.insert(0, str(ABI))
sys.dont_write_bytecode = True
import abigen  # noqa: E402
import check_upstream  # noqa: E402
from gen import check, emit, parse  # noqa: E402

ERRNO = "numbers errno 133\n  EPERM 1 = EPERM\n"


class Bad(unittest.TestCase):
    def run_on(self, text, program=None):
        """(exit status, what it said, what it wrote: name -> text)"""
        with tempfile.TemporaryDirectory() as name:
            top = pathlib.Path(name)
            (top / "toy").mkdir()
            (top / "toy" / "calls.tbl").write_text(text)
            (top / "programs").mkdir()
            if program:
                (top / "programs" / "program.c").write_text(program)
            said = io.StringIO()
            with redirect_stderr(said):
                status = abigen.main(["--os", "toy", "--abi-dir", name, "--out-dir",
                                      str(top / "out"), "--coverage", str(top / "programs")])
            made = {p.name: p.read_text() for p in (top / "out").glob("*")}
            return status, said.getvalue(), made

    def refused(self, line, reason, text, program=None):
        status, said, made = self.run_on(text, program)
        self.assertEqual(status, 1, f"accepted: {text}")
        self.assertIn(f"calls.tbl:{line}: ", said)
        self.assertIn(reason, said)
        self.assertEqual(made, {}, "wrote files in spite of errors")

    def accepted(self, text, program=None):
        status, said, made = self.run_on(text, program)
        self.assertEqual((status, said), (0, ""))
        return made


class Rows(Bad):
    def test_malformed_row(self):
        self.refused(1, "not a row", "3 int read fd host full\n")

    def test_argument_without_name(self):
        self.refused(1, "not an argument: `int`", "3 int read(int) toy_read todo\n")

    def test_unknown_argument_type(self):
        self.refused(2, "unknown type `oflags`",
                     "# comment\n5 fd open(path file, oflags how) toy_open todo\n")

    def test_unknown_struct_behind_a_pointer(self):
        self.refused(1, "unknown type `stat`", "5 int stat(path file, out stat buf) toy_s todo\n")

    def test_unknown_result_type(self):
        self.refused(1, "unknown type `word`", "3 word read(fd f) toy_read todo\n")

    def test_unknown_status(self):
        self.refused(1, "unknown status `done`", "3 int read(fd f) toy_read done\n")

    def test_unknown_word_after_status(self):
        self.refused(1, "unknown word `EINTR`", "3 int read(fd f) toy_read todo EINTR\n")

    def test_unknown_class(self):
        self.refused(1, "unknown class `%files`", "3 int read(fd f) toy_read todo %files\n")

    def test_release_that_is_none(self):
        self.refused(1, "needs a release", "3 int read(fd f) toy_read todo since new\n")

    def test_out_of_order(self):
        self.refused(2, "number 3 after 4", "4 int a() toy_a todo\n3 int b() toy_b todo\n")

    def test_number_twice(self):
        self.refused(2, "number 4 after 4", "4 int a() toy_a todo\n4 int b() toy_b todo\n")

    def test_name_twice(self):
        self.refused(2, "already number 4", "4 int a() toy_a todo\n5 int a() toy_a todo\n")

    def test_gap_in_a_complete_table(self):
        self.refused(3, "numbers 1 to 1 have no row",
                     "calls 0..2\n0 int a() toy_a todo\n2 int b() toy_b todo\n")

    def test_complete_table_that_ends_early(self):
        self.refused(1, "not 0..9", "calls 0..9\n0 int a() toy_a todo\n")

    def test_row_left_open(self):
        self.refused(1, "row does not end", "3 int read(fd f,\n")

    def test_length_that_is_no_argument(self):
        self.refused(1, "no argument `m`", "3 int read(out bytes b[m], size n) toy_r todo\n")

    def test_c_keyword_as_argument(self):
        self.refused(1, "cannot be named", "3 int read(int long) toy_r todo\n")

    def test_two_arguments_of_one_name(self):
        self.refused(1, "two arguments", "3 int read(int a, int a) toy_r todo\n")

    def test_foreign_handler(self):
        self.refused(1, "is not named", "3 int read() linux_read todo\n")

    def test_one_handler_with_two_shapes(self):
        self.refused(2, "other argument types",
                     "3 int a(int x) toy_a todo\n4 int b(long x) toy_a todo\n")

    def test_unknown_errno(self):
        self.refused(3, "unknown errno `EWHAT`",
                     ERRNO + "3 int a() error:EWHAT refused\n  ! because\n")

    def test_gone_needs_missing(self):
        self.refused(1, "`missing` goes with status gone", "3 int a() toy_a gone\n")

    def test_every_wrong_line_is_named(self):
        status, said, _ = self.run_on("3 int\n4 int\n")
        self.assertEqual(said.count("not a row"), 2)


class Status(Bad):
    def test_partial_without_note(self):
        self.refused(1, "status partial needs a note", "3 int a() toy_a partial\n")

    def test_stub_without_note(self):
        self.refused(1, "status stub needs a note", "3 int a() toy_a stub\n")

    def test_refused_without_note(self):
        self.refused(3, "status refused needs a note", ERRNO + "3 int a() error:EPERM refused\n")

    def test_full_without_program(self):
        self.refused(1, "no conformance program covers `a`", "3 int a() toy_a full\n")

    def test_full_with_program(self):
        made = self.accepted("3 int a() toy_a full\n", "/* covers: toy a */\n")
        self.assertIn("| 3 | a | full | program.c |", made["compat-toy.md"])

    def test_program_covers_unknown_call(self):
        status, said, _ = self.run_on("3 int a() toy_a todo\n", "/* covers: toy b */\n")
        self.assertEqual(status, 1)
        self.assertIn("program.c:1: covers unknown call `b`", said)

    def test_long_note(self):
        self.refused(2, "longer than 100 columns", "3 int a() toy_a partial\n  ! " + "x" * 100)

    def test_note_without_mark(self):
        self.refused(2, "a note starts with `!`", "3 int a() toy_a partial\n  because\n")


class Words(Bad):
    def test_flag_without_meaning(self):
        self.refused(2, "a flag is", "flags f\n  A 1\n")

    def test_same_without_host(self):
        self.refused(2, "`=` needs a host constant", "flags f\n  A 1 =\n")

    def test_overlapping_bits(self):
        self.refused(3, "B overlaps A", "flags f\n  A 0x3 !\n  B 0x2 !\n")

    def test_bit_inside_a_field(self):
        self.refused(4, "overlaps the field", "flags f\n  field 3\n    A 1 !\n  B 2 !\n")

    def test_number_field_in_a_host_row(self):
        self.refused(3, "F is for a handler",
                     "flags f\n  field 3 F !\n3 int x(f how) host partial\n  ! why\n")

    def test_value_outside_its_field(self):
        self.refused(3, "bits outside its field", "flags f\n  field 3\n    A 4 !\n")

    def test_bit_of_zero(self):
        self.refused(2, "is 0", "flags f\n  A 0 !\n")

    def test_value_twice(self):
        self.refused(3, "has the value of A", "values v\n  A 1 !\n  B 1 !\n")

    def test_name_of_a_builtin_type(self):
        self.refused(1, "built-in type", "flags int\n  A 1 !\n")

    def test_word_twice(self):
        self.refused(3, "already defined", "flags f\n  A 1 !\nflags f\n")

    def test_handler_flag_in_a_host_row(self):
        self.refused(3, "A is for a handler",
                     "flags f\n  A 1 !\n3 int x(f how) host partial\n  ! why\n")

    def test_host_arguments_that_are_none(self):
        self.refused(1, "no argument `b`", "3 int x(int a) host:y(a,b) partial\n  ! why\n")

    def test_signal_in_a_host_row(self):
        self.refused(1, "a handler is needed", "3 int x(signal s) host partial\n  ! why\n")

    def test_constant_with_two_values(self):
        self.refused(4, "A is 0x2 here and 0x1", "flags f\n  A 1 !\nconstants\n  A 2\n")

    def test_tab(self):
        self.refused(2, "tab in a table", "flags f\n\tA 1 !\n")

    def test_unknown_block(self):
        self.refused(1, "unknown block `bits`", "bits f\n  A 1 !\n")


class Numbers(Bad):
    def test_out_of_order(self):
        self.refused(3, "out of order", "numbers n 9\n  A 2 = X\n  B 1 = Y\n")

    def test_number_twice(self):
        self.refused(3, "(say `same`)", "numbers n 9\n  A 2 = X\n  B 2 = Y\n")

    def test_host_number_twice(self):
        self.refused(3, "host X already becomes A", "numbers n 9\n  A 1 = X\n  B 2 = Y <= X\n")

    def test_false_alias(self):
        self.refused(3, "not the same", "numbers n 9\n  A 1 = X\n  B 2 same A\n")


class Structs(Bad):
    def test_overlap(self):
        self.refused(3, "overlaps the field before", "struct s 8\n  0 i64 a\n  4 int b\n")

    def test_field_behind_the_end(self):
        self.refused(2, "behind the struct's 4 bytes", "struct s 4\n  0 i64 a\n")

    def test_unknown_field_type(self):
        self.refused(2, "unknown type", "struct s 4\n  0 word a\n")


class Output(Bad):
    TABLE = """flags oflags
  O_NONBLOCK 4 = O_NONBLOCK
  O_CREAT 0x200 = O_CREAT
numbers errno 133
  EPERM 1 = EPERM <= EACCES
  EAGAIN 35 = EAGAIN
  EWOULDBLOCK 35 same EAGAIN
3 size read(fd f, out bytes buf[n], size n) host partial
  ! why
5 fd open(path file, oflags how, mode perm) host partial eintr since 13.2
  ! why
6 int close(fd f) toy_close partial
  ! why
7 int later(fd f) toy_later todo
8..9 int reserved() missing gone silent-before 15.0
"""

    def setUp(self):
        self.made = self.accepted(self.TABLE)

    def test_numbers_and_constants(self):
        header = self.made["toy_abi.h"]
        self.assertIn("TOY_SYS_open = 5,", header)
        self.assertIn("#define TOY_O_CREAT 0x200", header)
        self.assertIn("#define TOY_EWOULDBLOCK 0x23", header)
        self.assertIn("#define TOY_NROWS 10", header)

    def test_prototypes_are_typed(self):
        self.assertIn("long toy_close(struct call *c, int32_t f);", self.made["toy_abi.h"])

    def test_wrappers_narrow(self):
        source = self.made["toy_abi.c"]
        self.assertIn("host_call_last(__NR_read, (int32_t)c->arg[0], outside_core(c->arg[1]), (uint64_t)c->arg[2])",
                      source)
        self.assertIn("path_for(c, guest(outside_core(c->arg[0])), PATH_FOLLOW, &file)", source)
        self.assertIn("flags_to_host(&toy_oflags, (uint32_t)c->arg[1])", source)

    def test_host_call_with_other_arguments(self):
        made = self.accepted("173 size old_pread(fd f, out bytes b[n], size n, int pad, off at) "
                             "host:pread64(f,b,n,at) partial\n  ! why\n"
                             "174 int l(path a) host:linkat(AT_FDCWD,a,-1,0) partial\n  ! why\n")
        self.assertIn("host_call_last(__NR_pread64, (int32_t)c->arg[0], outside_core(c->arg[1]), "
                      "(uint64_t)c->arg[2], (int64_t)c->arg[4])", made["toy_abi.c"])
        self.assertIn("host_call(__NR_linkat, AT_FDCWD, a.name, -1, 0)", made["toy_abi.c"])

    def test_todo_names_no_handler(self):
        self.assertNotIn("toy_later", self.made["toy_abi.c"])

    def test_rows_are_indexed_by_number(self):
        source = self.made["toy_abi.c"]
        self.assertIn("[9] = &rows[5],", source)
        self.assertNotIn("[4] =", source.split("toy_rows[]")[1])

    def test_row_words(self):
        source = self.made["toy_abi.c"]
        self.assertIn(".never_restarts = 1, .classes = CLASS_DESC | CLASS_FILE, .since = 1302,",
                      source)
        self.assertIn(".silent_before = 1500,", source)

    def test_maps_go_both_ways(self):
        source = self.made["toy_abi.c"]
        self.assertIn("[35] = EAGAIN,", source)
        self.assertIn("[EACCES] = 1,", source)


HOST = """columns x86_64:lp64:asm/unistd_64.h i386:i386:asm/unistd_32.h
0 3 size read(fd f, out bytes buf[n], size n) host partial
  ! why
1 2 int number(int n, ulong wide, path file) host partial
  ! why
8 - off lseek(fd f, off at, int whence) host partial
  ! why
"""


class Direct(Bad):
    """Which calls need not go down to their rows."""

    def words(self, os_name, text, host=HOST):
        """call name -> word"""
        with tempfile.TemporaryDirectory() as name:
            top = pathlib.Path(name)
            for folder, content in (("toy", text), ("linux", host)):
                (top / folder).mkdir()
                (top / folder / "calls.tbl").write_text(content)
            said = io.StringIO()
            with redirect_stderr(said):
                status = abigen.main(["--os", os_name, "--abi-dir", name, "--out-dir", str(top / "out")])
            self.assertEqual((status, said.getvalue()), (0, ""))
            made = (top / "out" / f"{os_name}_abi.c").read_text()
            return {name: word for word, name in re.findall(r"\t\[\d+\] = (DIRECT_.*),\t/\* (\w+) \*/", made)}

    def test_a_host_call_with_the_same_arguments(self):
        words = self.words("toy", "3 size read(fd f, out bytes buf[n], size n) host partial\n  ! why\n"
                                  "4 int a(int n) host:number partial\n  ! why\n"
                                  "5 int b(int n, path file) host:number partial\n  ! why\n"
                                  "6 int c(int n) host:number partial since 2.0\n  ! why\n"
                                  "7 int d(int n) host:number(n,1) partial\n  ! why\n"
                                  "8 int e(int n, int wide) host:number partial\n  ! why\n")
        self.assertEqual(words, {"read": "DIRECT_CALL | __NR_read | 1u << (DIRECT_ADDRESSES + 1) | "
                                         "1u << (DIRECT_SMALL + 2)",
                                 "a": "DIRECT_CALL | __NR_number"})

    def test_flags_have_the_kernels_own_bits(self):
        words = "flags bits\n  A 1 = B\n"
        self.assertEqual(self.words("toy", words + "4 int a(bits n) host:number partial\n  ! why\n"), {})
        self.assertEqual(self.words("toy", words + "4 int a(bits n) toy_a partial direct:number\n  ! why\n"),
                         {"a": "DIRECT_CALL | __NR_number"})

    def test_the_hosts_own_and_narrower_abis(self):
        self.assertEqual(self.words("linux", "4 int a() toy_a todo\n"),
                         {"read": "DIRECT_CALL | 0 /* read */ | 1u << (DIRECT_ADDRESSES + 1) | 1u << (DIRECT_SMALL + 2)",
                          "lseek": "DIRECT_CALL | 8 /* lseek */ | 1u << (DIRECT_SMALL + 1)"})
        # An unsigned word becomes a wide one by itself, and nothing of the core's is below 4 GiB.
        self.assertEqual(self.words("linux_i386", ""), {"read": "DIRECT_CALL | 0 /* read */"})

    def test_early_calls(self):
        text = "4 int a(int n) toy_a partial early\n  ! why\n"
        self.assertEqual(self.words("toy", text), {"a": "DIRECT_EARLY"})
        self.assertNotIn("number", self.words("linux", "", HOST.replace("path file) host partial", "path file) host partial early")))

    def test_only_a_handler_is_passed_by(self):
        self.refused(1, "`direct:read` is for a handler", "4 int a(int n) host partial direct:read\n  ! why\n")
        self.refused(1, "needs a call of the host", "4 int a(int n) toy_a partial direct:nothing\n  ! why\n")


COLUMNS = "columns big:lp64:asm/unistd_64.h small:i386:asm/unistd_32.h\n"
TIMES = """struct timespec
  time sec
  klong nsec
"""


class Columns(Bad):
    """One table for several ABIs of a kernel."""

    def made(self, os_name, text, kernel=None):
        with tempfile.TemporaryDirectory() as name:
            top = pathlib.Path(name)
            (top / "toy").mkdir()
            (top / "toy" / "calls.tbl").write_text(COLUMNS + text)
            column, files = parse.table_files(top, os_name)
            tables = parse.read(os_name, files, column)
            check.check(tables, {}, kernel)
            return emit.header(tables) + emit.source(tables)

    def wrong(self, line, reason, text, kernel=None, os_name="toy_small"):
        with self.assertRaises(parse.TableErrors) as caught:
            self.made(os_name, text, kernel)
        self.assertRegex("\n".join(caught.exception.lines), rf"calls.tbl:{line}: .*{re.escape(reason)}")

    def test_each_abi_has_its_numbers(self):
        text = "3 7 int a() host partial\n  ! why\n4 = int b() host partial\n  ! why\n- 9 int d() host:b partial\n  ! why\n"
        self.assertNotIn("TOY_SYS_d", self.made("toy", text))
        small = self.made("toy_small", text)
        self.assertIn("TOY_SMALL_SYS_a = 7,", small)
        self.assertIn("TOY_SMALL_SYS_b = 4,", small)
        self.assertIn("host_call_last(4 /* b */)", small)

    def test_a_number_is_missing(self):
        self.wrong(2, "2 columns of numbers", "3 int a() host todo\n")

    def test_two_rows_of_one_number(self):
        self.wrong(3, "number 7 after 7", "3 7 int a() host todo\n4 7 int b() host todo\n")

    def test_another_number_than_the_kernels(self):
        self.wrong(2, "`a` is 7 here and 8 in asm/unistd_32.h", "3 7 int a() host todo\n", {"a": 8})

    def test_another_name_than_the_kernels(self):
        self.wrong(2, "7 is `a` here and `b` in", "3 7 int a() host todo\n", {"b": 7})

    def test_a_call_of_the_kernel_without_row(self):
        self.wrong(1, "no row for `b`, number 8", "3 7 int a() host todo\n", {"a": 7, "b": 8})

    def test_a_host_call_that_is_none(self):
        self.wrong(2, "the host has no call `a`", "- 7 int a() host partial\n  ! why\n")

    def test_more_words_than_registers(self):
        self.wrong(2, "more than 6 words", "3 7 int a(loff a, loff b, loff d, int e) host todo\n")

    def test_a_path_without_its_flags(self):
        self.wrong(2, "needs an argument named `how`", "3 7 int a(atpath file) host todo\n")

    def test_wide_arguments_are_pairs(self):
        self.assertIn(".pairs = 0x2,", self.made("toy_small", "3 7 int a(int f, loff at) host partial\n  ! why\n"))
        self.assertNotIn(".pairs", self.made("toy", "3 7 int a(int f, loff at) host partial\n  ! why\n"))

    def test_numbers_are_narrowed_to_the_abis_size(self):
        text = "3 7 int a(size n, long at) toy_a partial\n  ! why\n"
        self.assertIn("long toy_a(struct call *c, uint64_t n, int64_t at);", self.made("toy_small", text))
        self.assertIn("toy_a(c, (uint32_t)c->arg[0], (int32_t)c->arg[1])", self.made("toy_small", text))

    def test_structs_of_another_layout_are_converted(self):
        text = TIMES + "3 7 int a(in timespec one, out? timespec two) host partial\n  ! why\n"
        small = self.made("toy_small", text)
        self.assertIn("{0, 0, 1, 4, 8, 1, FIELD_CUT},\n\t{4, 8, 1, 4, 8, 1, FIELD_CUT},", small)
        self.assertIn("toy_small_timespec_map = {8, 16, 2,", small)
        self.assertIn("guest(c->arg[0]), 1, CONVERT_IN)", small)
        self.assertIn("guest(c->arg[1]), 1, CONVERT_OUT | CONVERT_NULL)", small)
        self.assertIn("host_call(3 /* a */, v[0].host, v[1].host)", small)
        self.assertNotIn("convert_begin", self.made("toy", text))

    def test_no_address_in_the_core_comes_to_a_row(self):
        text = "3 7 int a(addr at, hex data, in? int one, ulong n) toy_a partial\n  ! why\n"
        self.assertIn("toy_a(c, guest(outside_core(c->arg[0])), (uint64_t)outside_core(c->arg[1]), "
                      "guest(outside_core(c->arg[2])), (uint64_t)c->arg[3])", self.made("toy", text))
        self.assertNotIn("outside_core", self.made("toy_small", text))

    def test_structs_with_addresses_are_copied_where_one_is_in_the_core(self):
        text = "struct v\n  size n\n  mem at\n3 7 int a(int n, in v list[n<=9]) host partial\n  ! why\n"
        made = self.made("toy", text)
        self.assertIn("v_map_fields[] = {\n\t{8, 8, 1, 8, 8, 0, FIELD_MEMORY},\n};", made)
        self.assertIn("toy_v_map = {16, 16, 1, 1, v_map_fields};", made)
        self.assertIn("\tif ((uint64_t)(int32_t)c->arg[0] <= 9 && points_into_core(&toy_v_map, "
                      "guest(outside_core(c->arg[1])), (uint64_t)(int32_t)c->arg[0]))\n\t\treturn copied_a(c);\n"
                      "\treturn host_call_last(3 /* a */, (int32_t)c->arg[0], outside_core(c->arg[1]));", made)
        self.assertIn("host_call(3 /* a */, (int32_t)c->arg[0], v[0].host)", made)
        self.assertNotIn("points_into_core", self.made("toy_small", text))

    def test_addresses_that_are_only_kept_are_not_looked_at(self):
        text = "struct v\n  ptr at\n3 7 int a(in v one) host partial\n  ! why\n"
        self.assertNotIn("points_into_core", self.made("toy", text))

    def test_a_u64_is_aligned_as_the_abi_has_it(self):
        text = "struct s\n  u32 a\n  u64 b\n3 7 int a(in s one) host partial\n  ! why\n"
        self.assertIn('toy_s_layout = {"s", 16,', self.made("toy", text))
        self.assertIn('toy_small_s_layout = {"s", 12,', self.made("toy_small", text))

    def test_an_array_has_a_limit(self):
        text = "struct v\n  ptr at\n  size n\n3 7 int a(in v list[n<=9], int n) host partial\n  ! why\n"
        self.assertIn("(uint64_t)(int32_t)c->arg[1] > 9 ? convert_too_many(&v[0])", self.made("toy_small", text))

    def test_a_struct_of_one_abi(self):
        text = TIMES + "struct small_time small = timespec\n  u16 sec fits\n" \
            "- 7 int b(out small_time t) host:a partial\n  ! why\n3 - int a(out timespec t) host partial\n  ! why\n"
        self.assertIn("{0, 0, 1, 2, 8, 0, FIELD_FITS},", self.made("toy_small", text))

    def test_a_field_that_the_host_lacks(self):
        self.wrong(5, "`other` is not in the host's struct timespec", TIMES + "struct t small = timespec\n  int other\n")

    def test_a_struct_that_the_host_lacks(self):
        self.wrong(2, "the host has no struct `t`", "struct t small\n  int other\n")

    def test_a_policy_that_is_none(self):
        self.wrong(3, "a field is `type name`", "struct t\n  int other rounds\n")

    def test_libseccomps_list(self):
        with tempfile.TemporaryDirectory() as name:
            path = pathlib.Path(name) / "calls.tbl"
            path.write_text(COLUMNS + "3 7 int a() host todo\n4 8 int b() host todo\n")
            tables = parse.read("toy_small", [path], "small")
        differ = check_upstream.seccomp_differences
        self.assertEqual(list(differ(tables, {7: "a", 8: "b"})), [])
        self.assertIn("8 is `b`, libseccomp `c`", "".join(differ(tables, {8: "c"})))
        self.assertIn("no row for `c`, number 9", "".join(differ(tables, {9: "c"})))

    def test_host_words_are_not_translated(self):
        text = "hostflags how\n  field O_ACCMODE: O_RDONLY O_WRONLY\n  O_CREAT\n3 7 int a(how h) host partial\n  ! why\n"
        source = self.made("toy_small", text)
        self.assertIn("{(uint32_t)(O_ACCMODE), (uint32_t)(O_WRONLY),", source)
        self.assertIn("host_call_last(3 /* a */, (uint32_t)c->arg[0])", source)
        self.assertNotIn("TOY_SMALL_O_CREAT", source)


class Upstream(Bad):
    """check_upstream.py finds each kind of difference."""

    TABLE = """constants
  O_CREAT 0x200
  MASK 0xff000000
3 size read(fd f, out bytes buf[n], size n) toy_read todo
4 int old6_stat(path file) toy_stat todo
"""

    def differences(self, numbers, errors=""):
        with tempfile.TemporaryDirectory() as name:
            top = pathlib.Path(name)
            (top / "calls.tbl").write_text(self.TABLE)
            (top / "zsysnum_toy_amd64.go").write_text(numbers)
            (top / "zerrors_toy_amd64.go").write_text(errors)
            tables = parse.read("toy", [top / "calls.tbl"])
            known = check_upstream.go_constants(top, "toy", "amd64")
            found = check_upstream.Comparison(tables, top, known)
            found.calls()
            found.constants()
            found.signatures(check_upstream.go_arguments(top, "toy", "amd64"))
            return "\n".join(found.wrong)

    def test_agreement(self):
        self.assertEqual(self.differences(
            "\tSYS_READ = 3 // { ssize_t read(int fd, void *buf, size_t n); }\n"
            "\tSYS_STAT = 4 // { int stat(char *path); }\n",
            "\tO_CREAT = 0x200\n\tMASK = -0x1000000\n\tUNKNOWN = 0x7\n"), "")

    def test_other_name(self):
        self.assertIn("3 is `read`, upstream SYS_WRITE", self.differences("\tSYS_WRITE = 3\n"))

    def test_missing_row(self):
        self.assertIn("SYS_OPEN = 5 has no row", self.differences("\tSYS_OPEN = 5\n"))

    def test_other_count_of_arguments(self):
        self.assertIn("`read` has 3 arguments, upstream 2", self.differences(
            "\tSYS_READ = 3 // { ssize_t read(int fd, void *buf); }\n"))

    def test_pointer_that_is_none(self):
        self.assertIn("buf is a pointer, unlike", self.differences(
            "\tSYS_READ = 3 // { ssize_t read(int fd, size_t buf, size_t n); }\n"))

    def test_other_value(self):
        self.assertIn("O_CREAT is 0x200, upstream 0x100",
                      self.differences("", "\tO_CREAT = 0x100\n"))


class OurTables(unittest.TestCase):
    def test_no_row_is_todo_whose_handler_is_written(self):
        sources = "".join(p.read_text() for p in (ABI.parent / "translate").rglob("*.c"))
        written = set(re.findall(r"^(\w+)\(struct call \*", sources, re.M))
        for os_name in [p.parent.name for p in ABI.glob("*/syscalls.tbl")] + ["linux_i386", "linux_x32"]:
            column, files = parse.table_files(ABI, os_name)
            tables = parse.read(os_name, files, column)
            stale = [str(row.place) for row in tables.rows
                     if row.status == "todo" and row.handler in written]
            self.assertEqual(stale, [], "say partial or full, and what is missing")


class HostNumbers(unittest.TestCase):
    def test_what_linux_numbers_adds_is_what_libc_says(self):
        header = ABI.parent / "translate" / "core" / "linux_numbers.h"
        own = re.findall(r"^#define (\w+) (\w+)$", header.read_text(), re.M)
        self.assertGreater(len(own), 20)
        libc = ("fcntl", "netinet/in", "poll", "signal", "sys/eventfd", "sys/mount", "sys/shm", "sys/socket", "unistd")
        program = "#define _GNU_SOURCE\n" + "".join(f"#include <{h}.h>\n" for h in libc) + "".join(
                f'_Static_assert({name} == {value}, "{name}");\n' for name, value in own)
        done = subprocess.run([os.environ.get("CC", "cc"), "-fsyntax-only", "-x", "c", "-"],
                              input=program, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
