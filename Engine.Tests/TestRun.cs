using System.Diagnostics;
using System.Reflection;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Engine.Tests;

/// <summary>
/// Runs the tests of this assembly in its own process, with xunit's own framework: what <c>dotnet test</c> does where there is an SDK.
/// </summary>
internal static class TestRun
{
    /// <summary>Runs the tests whose full names hold one of some words, or all.</summary>
    /// <returns>The exit code: 0 when at least one passed and none failed.</returns>
    public static int Of(string[] words)
    {
        Stopwatch watch = Stopwatch.StartNew();
        using XunitTestFramework framework = new(new Listener());
        using ITestFrameworkDiscoverer discoverer = framework.GetDiscoverer(Reflector.Wrap(typeof(TestRun).Assembly));
        Listener found = new();
        if (Named(words) is { Length: > 0 } classes) foreach (Type type in classes)
        {
            found.Finished.Reset();
            discoverer.Find(type.FullName!, includeSourceInformation: false, found, new Options());
            found.Finished.Wait();
        }
        else
        {
            discoverer.Find(includeSourceInformation: false, found, new Options());
            found.Finished.Wait();
        }

        ITestCase[] cases = [.. found.Cases.Where(
            test => words.Length == 0 || words.Any(word => test.DisplayName.Contains(word, StringComparison.OrdinalIgnoreCase)))];
        if (cases.Length == 0)
        {
            Console.Error.WriteLine($"No test has {string.Join(" or ", words)} in its name.");
            return 1;
        }

        using ITestFrameworkExecutor executor = framework.GetExecutor(Assembly.GetExecutingAssembly().GetName());
        Listener run = new();
        executor.RunTests(cases, run, new Options());
        run.Finished.Wait();
        Console.WriteLine(
            $"{(run.Failed == 0 ? "Passed" : "Failed")}!  - Failed: {run.Failed,5}, Passed: {run.Passed,5}, Skipped: {run.Skipped,5}, " +
            $"Total: {run.Failed + run.Passed + run.Skipped,5}, Duration: {watch.Elapsed.TotalSeconds:F0} s");
        return run is { Failed: 0, Passed: > 0 } ? 0 : 1;
    }

    /// <summary>
    /// The classes that every word finds some of, by their names and those of their methods: looking for the cases of all classes takes
    /// longer than to run those of a few. None where a word is to be looked for in the arguments.
    /// </summary>
    private static Type[] Named(string[] words)
    {
        Type[] all = [.. typeof(TestRun).Assembly.GetTypes().Where(type => type is { IsClass: true, IsAbstract: false, IsPublic: true })];
        Type[][] named = [.. words.Select(word => all.Where(type => HasName(type, word)).ToArray())];
        return named.All(classes => classes.Length > 0) ? [.. named.SelectMany(classes => classes).Distinct()] : [];
    }

    private static bool HasName(Type type, string word) =>
        type.GetMethods().Any(method => $"{type.FullName}.{method.Name}".Contains(word, StringComparison.OrdinalIgnoreCase));

    private sealed class Listener : LongLivedMarshalByRefObject, IMessageSink
    {
        private readonly Lock _gate = new();

        // Tests of the console take its output for themselves: failures go where it was in the beginning.
        private readonly TextWriter _output = Console.Out;

        public List<ITestCase> Cases { get; } = [];

        public ManualResetEventSlim Finished { get; } = new();

        public int Passed { get; private set; }

        public int Failed { get; private set; }

        public int Skipped { get; private set; }

        public bool OnMessage(IMessageSinkMessage message)
        {
            lock (_gate)
            {
                switch (message)
                {
                    case ITestCaseDiscoveryMessage discovered:
                        Cases.Add(discovered.TestCase);
                        break;
                    case ITestPassed:
                        Passed++;
                        break;
                    case ITestSkipped:
                        Skipped++;
                        break;
                    case IFailureInformation failure:
                        Failed++;
                        _output.WriteLine($"  Failed {(message as ITestMessage)?.Test.DisplayName ?? message.GetType().Name}");
                        for (int i = 0; i < failure.Messages.Length; i++)
                            _output.WriteLine($"    {failure.ExceptionTypes[i]}: "
                                + $"{failure.Messages[i]}{Environment.NewLine}{failure.StackTraces[i]}");
                        break;
                    case IDiscoveryCompleteMessage or ITestAssemblyFinished:
                        Finished.Set();
                        break;
                    default:
                        break;
                }
            }

            return true;
        }
    }

    /// <summary>No option is set: xunit takes its defaults.</summary>
    private sealed class Options : ITestFrameworkDiscoveryOptions, ITestFrameworkExecutionOptions
    {
        public TValue GetValue<TValue>(string name) => default!;

        public void SetValue<TValue>(string name, TValue value) => throw new NotSupportedException("The options are xunit's defaults.");
    }
}
