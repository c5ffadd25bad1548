using System.Text.RegularExpressions;

namespace Engine.Tests.Ptx;

/// <summary>
/// Where the threads of a group may part in a kernel: the text's blocks, the branches between them, and the registers that hold the same in
/// all threads of a group. A barrier between a branch on anything else and the place where its sides meet is waited for by some threads
/// and not by others, which hangs a card or lets it go on too early, while ILGPU's CPU accelerator counts threads that have returned as
/// waiting.
/// </summary>
internal sealed partial class PtxFlow
{
    private readonly List<Block> _blocks = [];
    private readonly HashSet<string> _varying = [];

    internal PtxFlow(string text)
    {
        Read(Comment().Replace(text, ""));
        bool hasChanged = true;
        while (hasChanged) hasChanged = Spread();
    }

    /// <summary>Barriers that only some threads of a group may reach, each with the branch that parts them.</summary>
    internal IEnumerable<string> DivergentBarriers =>
        from block in _blocks
        where IsVarying(block)
        from apart in Between(block)
        from instruction in _blocks[apart].Instructions
        where instruction.Name.StartsWith("bar", StringComparison.Ordinal)
        select $"{instruction.Text} behind {block.Instructions[^1].Text}";

    [GeneratedRegex(@"//[^\n]*")]
    private static partial Regex Comment();

    [GeneratedRegex(@"^(?:[{}]\s*|(\w+):\s*)")]
    private static partial Regex Label();

    [GeneratedRegex(@"^(?:@!?([%\w]+)\s+)?([\w.:]+)\s*(.*)$", RegexOptions.Singleline)]
    private static partial Regex Parts();

    [GeneratedRegex(@"%[\w.]+")]
    private static partial Regex Register();

    /// <summary>Registers whose value depends on the thread.</summary>
    private static bool IsOfThread(string register) => Regex.IsMatch(register, @"^%(tid|laneid|warpid|lanemask\w*|clock\w*)\b");

    private bool IsVarying(string register) => IsOfThread(register) || _varying.Contains(register);

    private bool IsVarying(Block block) =>
        block.Next.Distinct().Count() > 1 && block.Instructions is [.., { Condition: { } condition }] && IsVarying(condition);

    /// <summary>One round: what is computed from what varies does too, and so does what is written where threads have parted.</summary>
    private bool Spread()
    {
        int before = _varying.Count;
        foreach (Instruction instruction in _blocks.SelectMany(block => block.Instructions))
            if (instruction.IsOfOneThread || instruction.Read.Any(IsVarying)) _varying.UnionWith(instruction.Written);
        foreach (Block block in _blocks.Where(IsVarying))
            foreach (int apart in Between(block))
                foreach (Instruction instruction in _blocks[apart].Instructions) _varying.UnionWith(instruction.Written);
        return _varying.Count > before;
    }

    /// <summary>The blocks that a branch leads to before all of its sides have met again.</summary>
    private HashSet<int> Between(Block branch)
    {
        // The sides meet at the nearest block that every way to the end of the kernel passes.
        HashSet<int> apart = [];
        Stack<int> open = new(branch.Next);
        while (open.TryPop(out int next))
            if (next < _blocks.Count && next != branch.Meeting && apart.Add(next))
                foreach (int following in _blocks[next].Next) open.Push(following);
        return apart;
    }

    private void Read(string text)
    {
        Dictionary<string, int> labels = [];
        List<List<Instruction>> blocks = [[]];
        foreach (string piece in text[(text.IndexOf('{', StringComparison.Ordinal) + 1)..text.LastIndexOf('}')].Split(';'))
        {
            string statement = piece.Trim();
            for (Match label = Label().Match(statement); label.Success; label = Label().Match(statement))
            {
                statement = statement[label.Length..];
                if (!label.Groups[1].Success) continue;
                if (blocks[^1].Count > 0) blocks.Add([]);
                labels[label.Groups[1].Value] = blocks.Count - 1;
            }

            if (statement.Length == 0 || statement.StartsWith('.')) continue;
            Instruction instruction = new(statement);
            blocks[^1].Add(instruction);
            if (instruction.Name is "bra" or "ret" or "exit") blocks.Add([]);
        }

        for (int i = 0; i < blocks.Count; i++)
        {
            List<int> next = [];
            Instruction? last = blocks[i].LastOrDefault();
            if (last?.Name == "bra") next.Add(labels[last.Target]);
            if (last?.Name is "ret" or "exit") next.Add(blocks.Count);
            if (last is not { Name: "bra" or "ret" or "exit", Condition: null }) next.Add(i + 1);
            _blocks.Add(new Block(blocks[i], next));
        }

        Meet();
    }

    /// <summary>Finds the immediate post-dominator of each block: the end of the kernel is one more block behind the last.</summary>
    private void Meet()
    {
        int end = _blocks.Count;
        HashSet<int>[] behind = [.. Enumerable.Range(0, end).Select(_ => Enumerable.Range(0, end + 1).ToHashSet()), [end]];
        for (bool hasChanged = true; hasChanged;)
        {
            hasChanged = false;
            for (int i = end - 1; i >= 0; i--)
            {
                HashSet<int> common = [.. behind[_blocks[i].Next[0]]];
                foreach (int next in _blocks[i].Next) common.IntersectWith(behind[next]);
                common.Add(i);
                hasChanged |= common.Count < behind[i].Count;
                behind[i] = common;
            }
        }

        // Of the blocks that every way passes, the nearest is the one that passes all others.
        for (int i = 0; i < end; i++)
            _blocks[i].Meeting = behind[i].Where(block => block != i).MaxBy(block => behind[block].Count);
    }

    private sealed class Block(List<Instruction> instructions, List<int> next)
    {
        internal List<Instruction> Instructions { get; } = instructions;

        internal List<int> Next { get; } = next;

        internal int Meeting { get; set; }
    }

    private sealed class Instruction
    {
        internal Instruction(string text)
        {
            Text = text;
            Match parts = Parts().Match(text);
            Condition = parts.Groups[1].Success ? parts.Groups[1].Value : null;
            Name = parts.Groups[2].Value.Split('.')[0];
            string operands = parts.Groups[3].Value;
            Target = operands.Trim();
            bool writes = !(Name is "st" or "bra" or "ret" or "exit" or "bar" or "barrier" or "red" or "membar" or "fence" or "cp");

            // The first operand is written: one register, several in braces, or two with a bar between them.
            int first = !writes ? 0 : operands.StartsWith('{') ? operands.IndexOf('}', StringComparison.Ordinal) + 1
                : operands.IndexOf(',', StringComparison.Ordinal) is > 0 and int comma ? comma : operands.Length;
            Written = [.. Register().Matches(operands[..first]).Select(match => match.Value)];
            Read = [.. Register().Matches(operands[first..]).Select(match => match.Value)];
            if (Condition is not null) Read = [.. Read, Condition];

            // A value loaded from one address is the same in all threads; shuffles and atomics give each its own.
            IsOfOneThread = Name is "atom" or "shfl" or "activemask" or "match" or "ldmatrix" or "mma";
        }

        internal string Text { get; }

        internal string Name { get; }

        internal string Target { get; }

        internal string? Condition { get; }

        internal string[] Written { get; }

        internal string[] Read { get; }

        internal bool IsOfOneThread { get; }
    }
}
