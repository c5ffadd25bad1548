using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.Json;

namespace Engine.Bench.Peers;

/// <summary>
/// A process that serves windows of measurement, one line for a request, one for the answer. The engine's own steps run in such a process
/// too, so that both parties are started, timed and weighed in the same way, and while one computes the other waits for its input.
/// </summary>
internal sealed class Peer : IDisposable
{
    private readonly Process _process;
    private readonly long _started;

    private Peer(IEnumerable<string> command)
    {
        string[] words = [.. command];
        _started = Stopwatch.GetTimestamp();
        try
        {
            _process = Process.Start(
                new ProcessStartInfo(words[0], words[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        }
        catch (Win32Exception e)
        {
            throw new PeerException($"'{words[0]}' does not start: {e.Message}");
        }

        try
        {
            First = Read();
            SecondsToFirst = Stopwatch.GetElapsedTime(_started).TotalSeconds;
        }
        catch (PeerException)
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What the peer said first: its name, and the losses of its first step.</summary>
    internal PeerMessage First { get; }

    /// <summary>Seconds from starting the process to its first line.</summary>
    internal double SecondsToFirst { get; }

    /// <summary>Starts this program as a peer.</summary>
    internal static Peer StartEngine(params IEnumerable<string> arguments)
    {
        string program = Environment.ProcessPath ?? throw new PeerException("The path of this program is not known.");
        bool isHost = Path.GetFileNameWithoutExtension(program) == "dotnet";
        return new Peer([program, .. isHost ? [Assembly.GetExecutingAssembly().Location] : Array.Empty<string>(), .. arguments]);
    }

    /// <summary>Starts Peers/LibTorch/peer.cs.</summary>
    /// <param name="command">The command that runs it, to which the arguments are added.</param>
    /// <param name="arguments">What it serves.</param>
    /// <exception cref="PeerException">The command does not start, or libtorch does not.</exception>
    internal static Peer StartLibTorch(IEnumerable<string> command, params IEnumerable<string> arguments) =>
        new([.. command, .. arguments]);

    /// <summary>Starts one of the scripts in Peers/.</summary>
    /// <param name="python">The command that runs Python, to which <c>-c SCRIPT ARGUMENTS</c> is added.</param>
    /// <param name="script">The name of the script's file.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <exception cref="PeerException">The command does not start, or there is no PyTorch.</exception>
    internal static Peer StartPython(IEnumerable<string> python, string script, params IEnumerable<string> arguments) =>
        new([.. python, "-c", $"{Resource("serve.py")}\n{Resource(script)}", .. arguments]);

    /// <summary>Has the peer repeat its work for some seconds.</summary>
    internal PeerMessage Run(double seconds, string what = "") => Ask(string.Create(CultureInfo.InvariantCulture, $"run {seconds} {what}"));

    /// <summary>The most memory that the peer had resident, in MB of 2^20 bytes.</summary>
    internal double PeakMemory() => Ask("memory").PeakMb ?? double.NaN;

    /// <summary>The next line.</summary>
    /// <exception cref="PeerException">The peer ended, says something else, or says that it cannot.</exception>
    internal PeerMessage Read()
    {
        string line = _process.StandardOutput.ReadLine()
            ?? throw new PeerException($"'{_process.StartInfo.FileName}' ended without an answer.");
        try
        {
            PeerMessage message = PeerMessage.Parse(line);
            return message.Error is null ? message : throw new PeerException(message.Error);
        }
        catch (JsonException)
        {
            throw new PeerException($"'{_process.StartInfo.FileName}' should answer with a line of JSON, found '{line}'.");
        }
    }

    public void Dispose()
    {
        // The end of its input is the sign to end.
        _process.StandardInput.Close();
        if (!_process.WaitForExit(TimeSpan.FromSeconds(5))) _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private PeerMessage Ask(string request)
    {
        _process.StandardInput.WriteLine(request);
        _process.StandardInput.Flush();
        return Read();
    }

    private static string Resource(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new PeerException($"There is no script '{name}'.");
        return new StreamReader(stream).ReadToEnd();
    }
}
