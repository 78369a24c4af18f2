// C++: exceptions over threads and frames, containers, streams, futures, thread-local objects.
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <map>
#include <numeric>
#include <regex>
#include <stdexcept>
#include <thread>
#include <vector>

struct Loud {
	const char *name;
	~Loud() { std::cout << "end of " << name << "\n"; }
};

static int deep(int n)
{
	Loud here{n == 0 ? "bottom" : "frame"};
	if (n == 0)
		throw std::out_of_range("deep down");
	return deep(n - 1) + 1;
}

int main()
{
	try {
		deep(3);
	} catch (const std::exception &e) {
		std::cout << "caught " << e.what() << "\n";
	}
	auto later = std::async(std::launch::async, [] { return deep(1); });
	try {
		later.get();
	} catch (const std::out_of_range &e) {
		std::cout << "from a thread: " << e.what() << "\n";
	}
	std::vector<std::thread> threads;
	std::atomic<long> sum{0};
	for (int i = 0; i < 5; i++)
		threads.emplace_back([&sum, i] { for (int k = 0; k < 1000; k++) sum += i; });
	for (auto &t : threads)
		t.join();
	std::map<std::string, int> words;
	std::regex word("[a-z]+");
	std::string text = "to be or not to be";
	for (std::sregex_iterator it(text.begin(), text.end(), word), end; it != end; ++it)
		words[it->str()]++;
	for (auto &[w, n] : words)
		std::cout << w << n << " ";
	std::ofstream("made") << "line " << 42 << "\n";
	std::ifstream in("made");
	std::string line;
	std::getline(in, line);
	std::cout << sum << " " << line << " " << std::filesystem::file_size("made") << "\n";
	try {
		std::vector<int>().at(5);
	} catch (const std::logic_error &) {
		std::cout << "logic\n";
	}
	try {
		std::rethrow_exception(std::make_exception_ptr(7));
	} catch (int n) {
		std::cout << n << "\n";
	}
	return dynamic_cast<std::ostream *>(&std::cout) ? 4 : 5;
}
