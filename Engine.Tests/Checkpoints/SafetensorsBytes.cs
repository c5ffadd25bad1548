using System.Buffers.Binary;
using System.Text;

namespace Engine.Tests.Checkpoints;

/// <summary>Safetensors files put together by hand.</summary>
internal static class SafetensorsBytes
{
    internal static byte[] Of(string header, params byte[] data)
    {
        byte[] json = Encoding.UTF8.GetBytes(header), length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        return [.. length, .. json, .. data];
    }

    internal static byte[] Floats(params float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];
}
