using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using Engine.Bench.Kernels;
using Engine.Bench.Machine;

namespace Engine.Bench.Builds;

/// <summary>A kernel with values of its parameters, and the classes that two builds have for it.</summary>
internal sealed record KernelCase(string Name, Type? Before, Type After, IReadOnlyDictionary<string, object?> Values, int Threads)
{
    private const double SliceMilliseconds = 1;

    /// <summary>All cases of the newer build.</summary>
    internal static IEnumerable<KernelCase> Of(BuildContext before, BuildContext after, int threads)
    {
        foreach (Type type in after.Benchmarks)
        {
            IEnumerable<Dictionary<string, object?>> cases = [[]];
            foreach ((PropertyInfo property, object?[] values) in BuildContext.Parameters(type)) cases =
                cases.SelectMany(one => values.Select(value => new Dictionary<string, object?>(one) { [property.Name] = value }));
            foreach (Dictionary<string, object?> values in cases)
            {
                IEnumerable<string?> words = values.Values.Select(value => Convert.ToString(value, CultureInfo.InvariantCulture));
                string name = string.Join(' ', words.Prepend(type.Name));
                yield return new KernelCase(name, before.Program.GetType(type.FullName!), type, values, threads);
            }
        }
    }

    /// <summary>
    /// Times both builds in turns, a millisecond or one call at a time. In each round the arrays are made anew behind others of random
    /// lengths: where they lie in memory can change the time of a kernel by a third, in both builds alike.
    /// </summary>
    /// <exception cref="InvalidOperationException">The older build lacks the kernel, or a build computes wrong values.</exception>
    internal CaseTimes Measure(int rounds, int turns, Random random)
    {
        if (Before is null) throw new InvalidOperationException($"{Name}: the older build has no such benchmark.");
        List<double> ratios = [], allBefore = [], allAfter = [];
        for (int round = 0; round < rounds; round++)
        {
            byte[][] gaps = [.. Enumerable.Range(0, random.Next(4)).Select(_ => Gap(random.Next(1 << 16, 1 << 23)))];
            bool isAfterFirst = random.Next(2) == 0;
            using Side first = new(isAfterFirst ? After : Before, this), second = new(isAfterFirst ? Before : After, this);
            (Side before, Side after) = isAfterFirst ? (second, first) : (first, second);
            int calls = 1;
            while (after.Time(calls) * calls < SliceMilliseconds * 1000) calls *= 2;
            double[] beforeTimes = new double[turns], afterTimes = new double[turns];
            for (int turn = 0; turn < turns; turn++)
            {
                if (turn % 2 == 0) beforeTimes[turn] = before.Time(calls);
                afterTimes[turn] = after.Time(calls);
                if (turn % 2 != 0) beforeTimes[turn] = before.Time(calls);
            }

            ratios.Add(Sample.Median(beforeTimes) / Sample.Median(afterTimes));
            allBefore.AddRange(beforeTimes);
            allAfter.AddRange(afterTimes);
            GC.KeepAlive(gaps);
        }

        return new CaseTimes(Sample.Median(allBefore), Sample.Median(allAfter), Sample.Median(ratios), ratios.Min(), ratios.Max());
    }

    private static byte[] Gap(int length)
    {
        byte[] gap = new byte[length];
        gap.AsSpan().Fill(1);
        return gap;
    }

    /// <summary>The kernel of one build, set up and checked.</summary>
    private sealed class Side : IDisposable
    {
        private readonly Action _run, _cleanup;

        internal Side(Type type, KernelCase of)
        {
            object kernel = Activator.CreateInstance(type)!;
            foreach ((string name, object? value) in of.Values) Set(name, value);
            Set(nameof(KernelBenchmark.Threads), of.Threads);
            _run = type.GetMethod(nameof(KernelBenchmark.Run))!.CreateDelegate<Action>(kernel);
            _cleanup = type.GetMethod(nameof(KernelBenchmark.Cleanup))!.CreateDelegate<Action>(kernel);
            type.GetMethod(nameof(KernelBenchmark.Setup))!.CreateDelegate<Action>(kernel)();

            // An enum's value comes as its number, for each build has an enum of its own.
            void Set(string name, object? value)
            {
                if (type.GetProperty(name) is not { } property)
                    throw new InvalidOperationException($"{of.Name}: a build has no parameter {name}.");
                Type wanted = property.PropertyType;
                property.SetValue(
                    kernel, value is Enum ? Enum.ToObject(wanted, Convert.ToInt32(value, CultureInfo.InvariantCulture)) : value);
            }
        }

        /// <summary>Microseconds of one call, over so many in a row.</summary>
        internal double Time(int calls)
        {
            long started = Stopwatch.GetTimestamp();
            for (int i = 0; i < calls; i++) _run();
            return Stopwatch.GetElapsedTime(started).TotalMicroseconds / calls;
        }

        public void Dispose() => _cleanup();
    }
}

/// <summary>Median times of a call in microseconds, and of the rounds' ratios (before / after) the median and both ends.</summary>
internal readonly record struct CaseTimes(double Before, double After, double Ratio, double Least, double Largest);
