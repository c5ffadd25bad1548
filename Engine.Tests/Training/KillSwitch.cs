using System.Diagnostics;
using System.Globalization;

namespace Engine.Tests.Training;

/// <summary>
/// Kills the process that it is in, as <c>kill -9</c> does, some milliseconds after a step of its training. A kill from outside would come
/// when the machine finds time for the one who sends it, which on a busy one may be after the training has ended.
/// </summary>
internal static class KillSwitch
{
    private const string Name = "ENGINE_TEST_KILL";

    /// <summary>The environment of a child that is to be killed.</summary>
    /// <param name="step">After which step that this process takes, from 1.</param>
    /// <param name="milliseconds">How long after it: the next steps and the writing of checkpoints go on.</param>
    public static (string Name, string Value) After(int step, int milliseconds) => (Name, $"{step} {milliseconds}");

    /// <summary>What a child does after each of its steps, or null where nobody is to be killed.</summary>
    public static Action? Stepped()
    {
        if (Environment.GetEnvironmentVariable(Name)?.Split(' ') is not [string step, string milliseconds]) return null;
        int left = int.Parse(step, CultureInfo.InvariantCulture), delay = int.Parse(milliseconds, CultureInfo.InvariantCulture);
        return () =>
        {
            if (--left == 0) new Thread(Kill) { Priority = ThreadPriority.Highest }.Start();
        };

        void Kill()
        {
            Thread.Sleep(delay);
            Process.GetCurrentProcess().Kill();
        }
    }
}
