using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Engine.Tests.Training;

/// <summary>One of <see cref="TrainedPrograms"/>, or a lesson, in a process of its own, to be killed or interrupted.</summary>
internal sealed partial class ChildProgram : IDisposable
{
    public const int Interrupt = 2, Kill = 9, Terminate = 15;

    /// <summary>How long it may take to do what is waited for, on a machine that does much else.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly Task<string> _error;
    private readonly List<string> _lines = [];

    public ChildProgram(string program, params string[] args) : this([], program, args)
    {
    }

    /// <summary>Starts a program with environment variables of its own.</summary>
    public ChildProgram((string Name, string Value)[] environment, string program, params string[] args)
        : this(Host, [typeof(TrainedPrograms).Assembly.Location, program, .. args], environment)
    {
    }

    private ChildProgram(string file, string[] command, params (string Name, string Value)[] environment)
    {
        ProcessStartInfo start = new(file, command)
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) =>
        {
            lock (_lines) _lines.Add(line.Data ?? "");
        };
        _process.BeginOutputReadLine();
        _error = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>Starts a program that is an assembly of its own.</summary>
    public static ChildProgram Of(string assembly, string[] args) => new(Host, (string[])[assembly, .. args], []);

    /// <summary>Starts a program by a script of the shell, which has the program's command as <c>"$@"</c>.</summary>
    public static ChildProgram Scripted(string script, string program, string[] args) =>
        new("/bin/sh", (string[])["-c", script, "sh", Host, typeof(TrainedPrograms).Assembly.Location, program, .. args], []);

    /// <summary>
    /// Whether SIGINT is ignored here, as a shell has it for what it starts in the background: a child inherits that. Linux says so in a
    /// mask whose bit 1 is SIGINT.
    /// </summary>
    public static bool IgnoresInterrupt => File.Exists("/proc/self/status")
        && File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith("SigIgn:", StringComparison.Ordinal)) is { } line
        && (Convert.ToUInt64(line["SigIgn:".Length..].Trim(), 16) & (1 << (Interrupt - 1))) != 0;

    public int Id => _process.Id;

    private static string Host =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet";

    public bool HasExited => _process.HasExited;

    public string Output
    {
        get
        {
            lock (_lines) return string.Join('\n', _lines);
        }
    }

    /// <summary>Waits until something holds, or the process has ended.</summary>
    public void WaitUntil(Func<bool> holds)
    {
        for (Stopwatch watch = Stopwatch.StartNew(); !holds() && !HasExited; Thread.Sleep(1))
            if (watch.Elapsed > s_patience) throw new TimeoutException($"Nothing came of waiting {s_patience}. So far:\n{Output}");
    }

    public void Send(int signal)
    {
        if (!HasExited && Signal(_process.Id, signal) != 0 && !HasExited) throw new InvalidOperationException(
            $"Signal {signal} could not be sent.");
    }

    /// <summary>Waits for the end.</summary>
    public (int Code, string Output, string Error) Result()
    {
        if (!_process.WaitForExit(s_patience)) throw new TimeoutException($"It did not end in {s_patience}. So far:\n{Output}");
        _process.WaitForExit();
        return (_process.ExitCode, Output, _error.Result);
    }

    public void Dispose()
    {
        if (!HasExited) _process.Kill();
        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);
}
