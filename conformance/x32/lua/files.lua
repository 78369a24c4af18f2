-- io and os: files, pipes, processes, clocks, the environment.
local function shown(...)
	local words = {}
	for i = 1, select("#", ...) do words[i] = tostring((select(i, ...))) end
	print(table.concat(words, " "))
end

local f = assert(io.open("numbers", "w"))
shown(io.type(f), f:setvbuf("full", 1024)); for i = 1, 3000 do f:write(i, " ", i / 8, " 0x", ("%x"):format(i), "\n") end
shown(f:seek("cur"), f:seek("set", 10), f:write("XX") == f, f:seek("end")); f:close(); shown(io.type(f), pcall(f.write, f, "x"))
local count, sum = 0, 0
for n, half, hex in io.lines("numbers", "n", "n", "n") do count = count + 1; sum = sum + n + half + (hex or 0); if count == 2 then break end end
shown(count, sum); count = 0; for line in io.lines("numbers") do count = count + #line end; shown(count)
f = io.open("numbers", "r+b"); shown(f:read(5), f:read("l"), f:read("L"), f:read("n", "n"), #f:read("a"), f:read("a"), f:read("l"), f:read(0)); f:seek("set", 3); f:write("!"); f:flush(); f:seek("set"); shown(f:read("l")); f:close()
f = io.open("added", "a+"); f:write("one\n"); f:write("two"); f:seek("set"); shown(f:read("a")); f:close(); f = io.open("added", "a"); f:write(" three\0four"); f:close(); for l in io.lines("added", 4) do io.write("[", l:gsub("\0", "0"), "]") end; print()
f = io.open("large", "wb"); shown(f:seek("set", 5 * 1024 ^ 3 // 1), f:write("end") == f, f:seek("end")); f:close(); f = io.open("large", "rb"); f:seek("end", -3); shown(f:read("a")); f:close(); shown(os.remove("large"))
shown(io.open("nowhere/file", "w")); shown(io.open("nothing")); shown(pcall(io.open, "added", "rz")); shown(pcall(io.lines, "nothing")); shown(os.remove("nothing")); shown(os.rename("nothing", "else"))
shown(os.rename("added", "renamed"), os.remove("renamed"), io.open("renamed") == nil); local name = os.tmpname(); shown(#name > 4, os.remove(name)); f = io.tmpfile(); f:write("temporary"); f:seek("set"); shown(f:read("a")); f:close()

local p = io.popen("printf 'from a pipe\\n2\\n'; exit 3"); shown(p:read("l", "n")); shown(p:close()); p = io.popen("tr a-z A-Z >upper", "w"); p:write("to a pipe\n"); shown(p:close()); shown(io.open("upper"):read("a"))
shown(os.execute("exit 4")); shown(os.execute("kill -TERM $$")); shown(os.execute()); p = io.popen("seq 20000"); local last; for l in p:lines() do last = l end; shown(last, p:close())
shown(os.getenv("PATH"), os.getenv("NOTHING")); shown(os.date("!%Y-%m-%d %H:%M:%S %j %A", 1e9 // 1), os.time({year = 2038, month = 1, day = 20, hour = 12}) > 2 ^ 31, os.date("!%c", 2 ^ 33 // 1), os.date("!*t", 86400).yday, os.difftime(10, 4))
shown(os.time() > 1.6e9, os.clock() >= 0, os.setlocale("C"), os.setlocale("xx"), pcall(os.date, "%Ez", 0)); io.output("copy"); io.input("numbers"); io.write((io.read("a"))); io.close(); io.output(io.stdout); shown(#io.open("copy"):read("a"))
shown(pcall(require, "no.such.module") == false, package.config:sub(1, 1), (loadfile("nothing"))); f = io.open("chunk.lua", "w"); f:write("local a = ...; return {n = a, from = debug.getinfo(1).short_src}"); f:close(); package.path = "./?.lua"; shown(require("chunk").n, require("chunk").from, dofile("chunk.lua").n)
io.stderr:write("to standard error\n"); shown(arg[0]:match("[^/]*$"), #arg, ...); io.stdout:write("without a newline"); os.exit(11, true)
