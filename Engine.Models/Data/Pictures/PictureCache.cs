using System.IO.Hashing;
using System.Text;
using Engine.Autograd.Files;

namespace Engine.Models.Data.Pictures;

/// <summary>
/// Decoded pictures in the user's cache, under the hash of what they were made of: names, lengths and times of the files, and the size
/// asked for. What cannot be kept or read is decoded again; what nobody has read for a month is deleted.
/// </summary>
internal sealed class PictureCache
{
    private const string Magic = "engine pictures 1";
    private static readonly TimeSpan s_age = TimeSpan.FromDays(30), s_leftoverAge = TimeSpan.FromMinutes(2);

    private readonly string _folder, _path;

    /// <summary>The place of some pictures in the cache.</summary>
    /// <param name="cacheFolder">The user's cache.</param>
    /// <param name="key">All that the pictures depend on.</param>
    public PictureCache(string cacheFolder, string key)
    {
        _folder = Path.Combine(cacheFolder, "pictures");
        _path = Path.Combine(_folder, $"{Convert.ToHexStringLower(XxHash128.Hash(Encoding.UTF8.GetBytes($"{Magic}\n{key}")))}.pictures");
    }

    /// <summary>The pictures; null where they are not there, or not whole.</summary>
    public DecodedPictures? Read()
    {
        try
        {
            CacheRights.Check(_folder);
            if (!File.Exists(_path)) return null;
            byte[] file = File.ReadAllBytes(_path);
            if (file.Length < 8 || XxHash64.HashToUInt64(file.AsSpan(..^8)) != BitConverter.ToUInt64(file.AsSpan(^8..))) return null;
            using BinaryReader reader = new(new MemoryStream(file));
            if (reader.ReadString() != Magic) return null;
            int[] labels = [.. Enumerable.Range(0, reader.ReadInt32()).Select(_ => reader.ReadInt32())];
            (string, string)[] faults = Texts(reader), notes = Texts(reader);
            DecodedPictures pictures = new(labels, reader.ReadBytes(reader.ReadInt32()), faults, notes);
            File.SetLastWriteTimeUtc(_path, DateTime.UtcNow);
            return pictures;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DataException)
        {
            return null;
        }
    }

    /// <summary>Keeps pictures, where that is possible.</summary>
    public void Write(DecodedPictures pictures)
    {
        try
        {
            CacheRights.Create(_folder);
            CacheRights.Check(_folder);
            using MemoryStream content = new();
            using (BinaryWriter writer = new(content, Encoding.UTF8, leaveOpen: true))
            {
                writer.Write(Magic);
                writer.Write(pictures.Labels.Length);
                foreach (int label in pictures.Labels) writer.Write(label);
                foreach ((string Name, string Text)[] texts in ((string, string)[][])[pictures.Faults, pictures.Notes])
                {
                    writer.Write(texts.Length);
                    foreach ((string name, string text) in texts)
                    {
                        writer.Write(name);
                        writer.Write(text);
                    }
                }

                writer.Write(pictures.Pixels.Length);
                writer.Write(pictures.Pixels);
            }

            content.Write(BitConverter.GetBytes(XxHash64.HashToUInt64(content.GetBuffer().AsSpan(0, (int)content.Length))));
            WholeFile.Write(_path, content.GetBuffer().AsSpan(0, (int)content.Length));
            WholeFile.ClearLeftovers(_folder, s_leftoverAge);
            foreach (string path in Directory.EnumerateFiles(_folder, "*.pictures"))
                if (File.GetLastWriteTimeUtc(path) < DateTime.UtcNow - s_age) WholeFile.TryDelete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DataException)
        {
            // Next time they are decoded again.
        }
    }

    private static (string, string)[] Texts(BinaryReader reader) =>
        [.. Enumerable.Range(0, reader.ReadInt32()).Select(_ => (reader.ReadString(), reader.ReadString()))];
}
