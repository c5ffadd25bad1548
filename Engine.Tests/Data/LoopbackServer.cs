using System.Net.Sockets;
using System.Net;
using System.Text;

namespace Engine.Tests.Data;

/// <summary>A web server on this machine that answers as a test tells it, rightly or not.</summary>
internal sealed class LoopbackServer : IDisposable
{
    /// <summary>
    /// An answer: what the header says of the length, how much of the content really comes, and whether the connection then stays open in
    /// silence, and where it redirects to.
    /// </summary>
    public sealed record Answer(int Status, byte[] Content, long? Announced = null, int? Sent = null, bool FallsSilent = false,
        string? Location = null);

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<string, Answer> _answer;

    public LoopbackServer(Func<string, Answer> answer)
    {
        _answer = answer;
        _listener.Start();
        _ = Accept();
    }

    public List<string> Requests { get; } = [];

    public Uri Address(string folder) => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/{folder}");

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Stop();
    }

    private async Task Accept()
    {
        try
        {
            while (true) _ = Serve(await _listener.AcceptTcpClientAsync(_stop.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task Serve(TcpClient client)
    {
        using (client)
        {
            try
            {
                NetworkStream stream = client.GetStream();
                using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
                string path = (await reader.ReadLineAsync(_stop.Token))!.Split(' ')[1];
                while (!string.IsNullOrEmpty(await reader.ReadLineAsync(_stop.Token)))
                {
                    // Headers do not matter here.
                }

                lock (Requests) Requests.Add(path);
                Answer answer = _answer(path);
                string location = answer.Location is null ? "" : $"Location: {answer.Location}\r\n";
                string length = answer.Announced == -1 ? "" : $"Content-Length: {answer.Announced ?? answer.Content.Length}\r\n";
                await stream.WriteAsync(
                    Encoding.ASCII.GetBytes(
                        $"HTTP/1.1 {answer.Status} {(HttpStatusCode)answer.Status}\r\n{length}{location}Connection: close\r\n\r\n"),
                    _stop.Token);
                await stream.WriteAsync(answer.Content.AsMemory(0, answer.Sent ?? answer.Content.Length), _stop.Token);
                if (answer.FallsSilent) await Task.Delay(Timeout.Infinite, _stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
            {
                // The other side has gone, or the test is over.
            }
        }
    }
}

/// <summary>
/// Tests that occupy the whole thread pool, and tests of a server that answers on it within a time: neither may run beside anything else.
/// </summary>
[CollectionDefinition("thread pool", DisableParallelization = true)]
public sealed class ThreadPoolCollection;
