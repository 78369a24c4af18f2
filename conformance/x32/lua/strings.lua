-- Strings, numbers, tables, utf8, metatables, closures, errors: what the interpreter does by itself.
local function line(...)
	local words = {}
	for i, word in ipairs({...}) do words[i] = tostring(word) end
	print(table.concat(words, " "))
end

for _, format in ipairs {"%d", "%5.2f", "%x", "%q", "%-10s|", "%g", "%a", "%i", "%e", "%c"} do
	line(format, (string.format(format, format:find("q") and "a\n\"b\0c" or 77)))
end
line(("%s %s %s"):format(nil, true, 1 / 3), ("x"):rep(3, ","), ("abc"):reverse(), ("MiXed"):lower(), ("MiXed"):upper(), ("abc"):byte(1, -1))
line(("key = value"):match("^(%w+)%s*=%s*(%w+)$"), ("f(a(b)c)d"):match("%b()"), ("THE (quick) fox"):find("%((%a+)%)"), ("hello world"):gsub("o", "0"))
line(("one two  three"):gsub("%S+", function(w) return w:upper():sub(1, 1) .. w:sub(2) end), ("$name is $age"):gsub("%$(%w+)", {name = "ann", age = 31}))
for word, at in ("the frontier  %f[%w]%w+"):gmatch("(%f[%w]%w+)()") do line(word, at) end
line(#string.pack(">i4 <i8 z s2 d", -2, 1 << 40, "zero", "counted", 1.5), string.unpack(">i4 <i8 z s2 d", string.pack(">i4 <i8 z s2 d", -2, 1 << 40, "zero", "counted", 1.5)))
line(math.maxinteger, math.mininteger, math.maxinteger + 1 == math.mininteger, 7 // 2, -7 // 2, 7 % -3, 7.5 // 2, 2 ^ 53, 1e308 * 10, -(0 / 0) ~= 0 / 0)
line(3 & 5, 3 | 5, 3 ~ 5, ~0, 1 << 63, -1 >> 60, "10" + 5, "0x10" * 1, 10 .. 20, math.type(1), math.type(1.0), math.ult(1, -1), math.tointeger(3.0))
line(math.floor(-2.5), math.ceil(-2.5), math.fmod(-7, 3), math.abs(math.mininteger), math.sin(1), math.exp(1), math.log(8, 2), tostring(1e15), tostring(1e100), 0x.8p1, 123456789012)
math.randomseed(42, 7); line(math.random(1000), math.random(1000), math.random(), math.random(1 << 40))
for p, c in utf8.codes("aé€𝄞") do io.write(p, ":", c, " ") end; line(utf8.len("aé€𝄞"), utf8.char(97, 233, 8364, 119070), utf8.offset("aé€", 3), utf8.len("\xff"))

local t = {}
for i = 1, 5000 do t[i] = (i * 7919) % 5003 end
table.sort(t); line(t[1], t[2500], t[5000], #t)
table.sort(t, function(a, b) return a % 100 > b % 100 or a % 100 == b % 100 and a < b end); line(t[1], t[2500], t[5000])
table.insert(t, 1, "first"); table.remove(t); line(#t, t[1], table.concat(t, "-", 2, 6), select("#", table.unpack(t, 1, 200)), table.move({1, 2, 3}, 2, 3, 1)[1])

local Vector = {}; Vector.__index = Vector
Vector.__add = function(a, b) return setmetatable({x = a.x + b.x}, Vector) end
Vector.__eq = function(a, b) return a.x == b.x end; Vector.__lt = function(a, b) return a.x < b.x end; Vector.__le = function(a, b) return a.x <= b.x end
Vector.__call = function(self, n) return self.x * n end; Vector.__tostring = function(self) return "<" .. self.x .. ">" end; Vector.__len = function() return 99 end
Vector.__concat = function(a, b) return tostring(a) .. "+" .. tostring(b) end; Vector.__close = function(self) line("closed", self) end
local a, b = setmetatable({x = 1}, Vector), setmetatable({x = 2}, Vector)
line(a + b, a == b, a < b, a <= b, a(21), #a, a .. b, rawlen(a), rawequal(a, a)); do local c <close> = a; local d <const> = 5; line("inside", d) end

line(pcall(error, {code = 5}) == false, select(2, pcall(error, "plain", 0)), select(2, pcall(function() local x = nil; return x.y end)))
line(xpcall(function() error("deep") end, function(m) return "handled " .. m:gsub("^.-:", "") end)); line(pcall(string.rep, "x", -1), pcall(string.rep, "x", 1 << 40))
line(select(2, pcall(function() local function f() return f() + 1 end; return f() end)):match("stack overflow"))
line(load("return ...", "chunk", "t", {})(8), load("syntax error here"), load(string.dump(function(n) return n * 2 end), "b", "b")(21))
goto over
line("never")
::over::

local weak, made, ended = setmetatable({}, {__mode = "k"}), 0, 0
for i = 1, 20000 do weak[setmetatable({("s"):rep(i % 50)}, {__gc = function() ended = ended + 1 end})] = i; made = made + 1 end
collectgarbage(); collectgarbage(); line(made, ended, next(weak))
collectgarbage("generational"); local keep = {}; for i = 1, 50000 do keep[i % 100 + 1] = {i, tostring(i)} end; collectgarbage("incremental"); line(keep[1][2], keep[100][1])
local function primes(n) local sieve, count = {}, 0; for i = 2, n do if not sieve[i] then count = count + 1; for k = i * i, n, i do sieve[k] = true end end end; return count end
line(primes(100000)); local function fib(n) return n < 2 and n or fib(n - 1) + fib(n - 2) end; line(fib(22))
