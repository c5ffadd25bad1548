using System.Diagnostics;
using System.Security.Cryptography;
using Engine.Autograd.Files;

namespace Engine.Models.Data;

/// <summary>
/// Downloads a published file into a folder. It is written under a temporary name of its own, its length and checksum are compared, and
/// only then is it renamed; a mirror that fails is followed by the next.
/// </summary>
internal sealed class Downloader(IReadOnlyList<Uri> mirrors, DataOptions options)
{
    /// <summary>The most bytes of a file whose length is not known for certain.</summary>
    internal long MostBytes { get; init; } = 1 << 28;

    private static readonly TimeSpan s_reportEvery = TimeSpan.FromMilliseconds(100);

    /// <summary>Downloads a file and returns its path.</summary>
    /// <exception cref="DataException">Every mirror failed; the message says how each did.</exception>
    public string Fetch(DataFile file, string folder)
    {
        string path = Path.Combine(folder, file.Name);
        var failures = new List<string>();
        using var client = new HttpClient(options.Handler ?? new SocketsHttpHandler(), disposeHandler: options.Handler is null);
        client.Timeout = Timeout.InfiniteTimeSpan;
        try
        {
            CacheRights.Create(folder);
            foreach (Uri mirror in mirrors)
            {
                Uri source = AsFolder(mirror, file.Name);
                string? failure = Task.Run(() => Attempt(client, source, file, path)).GetAwaiter().GetResult();
                if (failure is null) return path;
                failures.Add($"{source}: {failure}");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{file.Name} cannot be kept in {folder}: {e.Message}", e);
        }

        throw new DataException(
            $"{file.Name} could not be downloaded. "
            + $"Tried:{string.Concat(failures.Select(f => $"{Environment.NewLine}  {f}"))}{Environment.NewLine}"
            + $"You can put the file into {folder} by hand, as {string.Join(" or ", file.Names)}.");
    }

    /// <summary>Null when the file lies whole and checked in its place, else what went wrong at this mirror.</summary>
    private async Task<string?> Attempt(HttpClient client, Uri source, DataFile file, string path)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(options.Cancellation);
        long received = 0;
        long? total = file.Bytes;
        long most = file.Bytes ?? MostBytes;
        try
        {
            patience.CancelAfter(options.Patience);
            using HttpResponseMessage response = await Get(client, source, patience.Token).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode) return $"answered {(int)response.StatusCode} {response.ReasonPhrase}";
            long? announced = response.Content.Headers.ContentLength;
            if (file.Bytes is not null && announced is not null && announced != file.Bytes)
                return $"expected {file.Bytes} bytes, found a file of {announced}";
            if (announced > most) return $"expected at most {most} bytes, found a file of {announced}";
            total ??= announced;

            using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
            using Stream body = await response.Content.ReadAsStreamAsync(patience.Token).ConfigureAwait(false);
            using WholeFile output = new(path);
            byte[] buffer = new byte[1 << 16];
            long reported = Stopwatch.GetTimestamp();
            while (true)
            {
                patience.CancelAfter(options.Patience);
                int read = await Read(body, buffer, patience.Token).ConfigureAwait(false);
                if (read == 0) break;
                received += read;
                if (received > total) return $"expected {total} bytes, found more";
                if (received > most) return $"expected at most {most} bytes, found more";
                sha256.AppendData(buffer, 0, read);
                md5.AppendData(buffer, 0, read);
                output.Stream.Write(buffer, 0, read);
                if (Stopwatch.GetElapsedTime(reported) < s_reportEvery) continue;
                reported = Stopwatch.GetTimestamp();
                options.Progress?.Report(new DownloadProgress(file.Name, source, received, total));
            }

            options.Progress?.Report(new DownloadProgress(file.Name, source, received, total));
            if (total is not null && received != total) return $"expected {total} bytes, found the end after {received}";
            string? difference = Differs("SHA-256", file.Sha256, sha256) ?? Differs("MD5", file.Md5, md5);
            if (difference is null) output.Commit();
            return difference;
        }
        catch (OperationCanceledException) when (!options.Cancellation.IsCancellationRequested)
        {
            return $"sent nothing for {options.Patience.TotalSeconds:0.#} s ({received} bytes had arrived)";
        }
        catch (HttpRequestException e)
        {
            return received == 0 ? e.Message : Broken(received, total, e);
        }
        catch (BodyException e)
        {
            return Broken(received, total, e.InnerException!);
        }
        catch (AddressException e)
        {
            return $"leads to an address that cannot be followed ({e.Message})";
        }
    }

    private static string Broken(long received, long? total, Exception e) =>
        $"the connection broke after {received} bytes{(total is null ? "" : $" of {total}")} ({e.Message})";

    // A mirror may redirect to anything, such as a file of this machine, which the client refuses in several ways.
    private static async Task<HttpResponseMessage> Get(HttpClient client, Uri source, CancellationToken cancellation)
    {
        try
        {
            return await client.GetAsync(source, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NotSupportedException or InvalidOperationException or ArgumentException or FormatException)
        {
            throw new AddressException(e);
        }
    }

    // Both the network and the disk report by IOException; only the first is a reason to go to another mirror.
    private static async ValueTask<int> Read(Stream body, byte[] buffer, CancellationToken cancellation)
    {
        try
        {
            return await body.ReadAsync(buffer, cancellation).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw new BodyException(e);
        }
    }

    private static string? Differs(string kind, string? expected, IncrementalHash hash)
    {
        string found = Convert.ToHexStringLower(hash.GetHashAndReset());
        return expected is null || expected == found ? null : $"expected {kind} {expected}, found {found}";
    }

    private static Uri AsFolder(Uri mirror, string name)
    {
        string address = mirror.AbsoluteUri;
        return new Uri(address.EndsWith('/') ? address + name : $"{address}/{name}");
    }

#pragma warning disable RCS1194 // Never leaves this class.
    private sealed class BodyException(IOException inner) : Exception(inner.Message, inner);

    private sealed class AddressException(Exception inner) : Exception(inner.Message, inner);
#pragma warning restore RCS1194
}

/// <summary>How far a download is.</summary>
/// <param name="File">Name of the file.</param>
/// <param name="Source">Where it comes from.</param>
/// <param name="BytesReceived">Bytes that have arrived.</param>
/// <param name="BytesTotal">Bytes of the whole file, or null when unknown.</param>
public readonly record struct DownloadProgress(string File, Uri Source, long BytesReceived, long? BytesTotal);
