// C++: clocks and waits with an end, by what they come to: sleeps, timed locks, conditions, futures, stops.
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <future>
#include <iostream>
#include <mutex>
#include <shared_mutex>
#include <system_error>
#include <thread>

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

static std::atomic<int> signals{0};

static const char *said(std::cv_status s) { return s == std::cv_status::timeout ? "timeout" : "woken"; }

static void sleeps()
{
	auto begun = clock_type::now();
	std::this_thread::sleep_for(3ms);
	std::this_thread::sleep_until(clock_type::now() + 2ms);
	std::this_thread::sleep_until(clock_type::now() - 1h);
	std::cout << "slept " << (clock_type::now() - begun >= 5ms) << "\n";
	std::cout << "the year is " << (std::chrono::system_clock::now().time_since_epoch() > 24h * 365 * 50) << "\n";
}

static void timed_locks()
{
	std::timed_mutex mutex;
	std::shared_timed_mutex shared;
	mutex.lock();
	shared.lock_shared();
	std::thread([&] {
		std::cout << mutex.try_lock() << mutex.try_lock_for(2ms) << mutex.try_lock_until(std::chrono::system_clock::now() + 2ms)
			  << shared.try_lock_for(2ms) << shared.try_lock_shared_for(60s) << "\n";
		shared.unlock_shared();
	}).join();
	std::thread waits([&] { std::cout << "got it " << mutex.try_lock_for(60s) << "\n"; mutex.unlock(); });
	mutex.unlock();
	waits.join();
}

static void conditions()
{
	std::mutex mutex;
	std::condition_variable condition;
	std::condition_variable_any any;
	std::unique_lock lock(mutex);
	bool ready = false;
	std::cout << said(condition.wait_for(lock, 2ms)) << " " << said(any.wait_until(lock, std::chrono::system_clock::now() + 2ms)) << " "
		  << condition.wait_for(lock, 2ms, [&] { return ready; }) << "\n";
	std::thread other([&] { std::lock_guard hold(mutex); ready = true; condition.notify_all(); });
	std::cout << condition.wait_for(lock, 60s, [&] { return ready; }) << "\n";
	lock.unlock();
	other.join();
}

static void futures()
{
	std::promise<std::array<long long, 3>> promise;
	auto future = promise.get_future();
	std::cout << (future.wait_for(2ms) == std::future_status::timeout);
	std::thread([&] { promise.set_value({1, -2, 1LL << 40}); }).join();
	std::cout << (future.wait_for(60s) == std::future_status::ready) << " " << future.get()[2] << "\n";
	auto deferred = std::async(std::launch::deferred, [] { return 5; });
	std::cout << (deferred.wait_for(0s) == std::future_status::deferred) << deferred.get() << "\n";
	std::promise<void> broken;
	auto lost = broken.get_future();
	std::thread([p = std::move(broken)] {}).join();
	try {
		lost.get();
	} catch (const std::future_error &e) {
		std::cout << (e.code() == std::future_errc::broken_promise) << "\n";
	}
}

int main()
{
	std::signal(SIGUSR1, [](int) { signals++; });
	sleeps();
	timed_locks();
	conditions();
	futures();
	for (int i = 0; i < 5; i++)
		std::raise(SIGUSR1);
	std::cout << signals << "\n";
	try {
		std::thread().join();
	} catch (const std::system_error &e) {
		std::cout << (e.code() == std::errc::invalid_argument) << "\n";
	}
	return 8;
}
