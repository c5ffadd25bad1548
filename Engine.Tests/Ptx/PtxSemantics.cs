namespace Engine.Tests.Ptx;

/// <summary>What the instructions of a single thread do.</summary>
internal static class PtxSemantics
{
    internal static Action<PtxThread> Of(PtxInstruction i)
    {
        string name = i.Parts[0];
        return name switch
        {
            "ret" or "exit" => static thread => thread.IsDone = true,
            "ld" => Load(i),
            "st" => Store(i),
            "cp" => Copy(i),
            "setp" => Compare(i),
            "selp" => thread => i.Operands[0][0].Set(thread, i.Operands[i.Operands[3][0].Get(thread) != 0 ? 1 : 2][0].Get(thread)),
            "testp" => thread => i.Operands[0][0].Set(
                thread, double.IsNaN(PtxNumber.Float(i.Operands[1][0].Get(thread), i.Type)) ? 1UL : 0),
            "cvt" => thread => i.Operands[0][0].Set(thread, PtxNumber.Convert(i.Operands[1][0].Get(thread), i.Parts[^2], i.Type)),
            "mov" or "cvta" => thread => i.Operands[0][0].Set(thread, i.Operands[1][0].Get(thread)),
            _ => Arithmetic(i),
        };
    }

    private static Action<PtxThread> Arithmetic(PtxInstruction i) => i.Operands.Length switch
    {
        2 => thread => i.Operands[0][0].Set(thread, PtxNumber.Of(i, i.Operands[1][0].Get(thread), 0, 0)),
        3 => thread => i.Operands[0][0].Set(thread, PtxNumber.Of(i, i.Operands[1][0].Get(thread), i.Operands[2][0].Get(thread), 0)),
        _ => thread => i.Operands[0][0].Set(
            thread, PtxNumber.Of(i, i.Operands[1][0].Get(thread), i.Operands[2][0].Get(thread), i.Operands[3][0].Get(thread))),
    };

    private static Action<PtxThread> Compare(PtxInstruction i)
    {
        string comparison = i.Parts[1];
        return thread => i.Operands[0][0].Set(
            thread, PtxNumber.Compare(comparison, i.Type, i.Operands[1][0].Get(thread), i.Operands[2][0].Get(thread)) ? 1UL : 0);
    }

    private static Span<byte> At(PtxThread thread, string space, long address, int bytes) => space switch
    {
        "global" => thread.Block.Memory.At(address, bytes),
        "shared" => thread.Block.Shared(address, bytes),
        "param" => thread.Block.Parameters.AsSpan((int)address, bytes),
        _ => throw new PtxException($"There is no space {space} here."),
    };

    private static Action<PtxThread> Load(PtxInstruction i)
    {
        string space = i.Parts[1];
        int bytes = PtxNumber.Bytes(i.Type), count = i.Operands[0].Length;
        bool isSigned = i.Type[0] == 's';
        return thread =>
        {
            // A vector is aligned as a whole.
            Span<byte> source = At(thread, space, i.Operands[1][0].Address(thread), bytes * count);
            for (int part = 0; part < count; part++) i.Operands[0][part].Set(
                thread, PtxNumber.Read(source.Slice(part * bytes, bytes), isSigned));
        };
    }

    private static Action<PtxThread> Store(PtxInstruction i)
    {
        string space = i.Parts[1];
        int bytes = PtxNumber.Bytes(i.Type), count = i.Operands[1].Length;
        return thread =>
        {
            Span<byte> target = At(thread, space, i.Operands[0][0].Address(thread), bytes * count);
            for (int part = 0; part < count; part++)
            {
                ulong value = i.Operands[1][part].Get(thread);
                for (int b = 0; b < bytes; b++) target[(part * bytes) + b] = (byte)(value >> (8 * b));
            }
        };
    }

    /// <summary>cp.async: the copy is done when it is waited for; what it has fewer bytes for becomes zeros.</summary>
    private static Action<PtxThread> Copy(PtxInstruction i)
    {
        if (i.Parts[2] == "commit_group") return static thread => thread.Commit();
        if (i.Parts[2] == "wait_group") return thread => thread.Wait((int)i.Operands[0][0].Get(thread));
        return thread =>
        {
            long to = i.Operands[0][0].Address(thread), from = i.Operands[1][0].Address(thread);
            int bytes = (int)i.Operands[2][0].Get(thread), given = i.Operands.Length > 3 ? (int)i.Operands[3][0].Get(thread) : bytes;
            if (i.Parts[2] == "cg" && bytes != 16) throw new PtxException($"'{i}': .cg copies 16 bytes.");
            byte[] copy = new byte[bytes];
            if (given > 0) thread.Block.Memory.At(from, bytes)[..given].CopyTo(copy);
            _ = thread.Block.Shared(to, bytes);
            thread.Start(() => copy.CopyTo(thread.Block.Shared(to, bytes)));
        };
    }
}
