using Engine.Kernels.Devices;

namespace Engine.Kernels.Mapping;

public static partial class Map
{
    /// <summary>
    /// Renews <paramref name="first"/>, and where the operation has them the other states, in place from <paramref name="x"/>.
    /// </summary>
    /// <exception cref="ArgumentException">The storages differ in device, type or length, or a state that the operation needs is
    /// missing.</exception>
    public static void Update<TOp>(Storage first, Storage? second, Storage? third, Storage? fourth, Storage x, TOp op)
        where TOp : unmanaged, IUpdateOp =>
        Update([first], One(ref second), One(ref third), One(ref fourth), [x], op);

    /// <summary>
    /// Renews any number of arrays, each with its further states and its x, in one launch: on the host the arrays are cut as if they lay in
    /// a row, so that many small ones share the work of a thread.
    /// </summary>
    /// <param name="first">The first state of each; renewed.</param>
    /// <param name="second">The second state of each, where the operation has one; renewed.</param>
    /// <param name="third">The third.</param>
    /// <param name="fourth">The fourth.</param>
    /// <param name="x">What each is renewed from.</param>
    /// <param name="op">The operation.</param>
    /// <exception cref="ArgumentException">
    /// The numbers of arrays differ, the storages of one array differ in device, type or length, or a state that the operation needs is
    /// missing; nothing was changed.
    /// </exception>
    public static void Update<TOp>(
        ReadOnlySpan<Storage> first, ReadOnlySpan<Storage> second, ReadOnlySpan<Storage> third, ReadOnlySpan<Storage> fourth,
        ReadOnlySpan<Storage> x, TOp op)
        where TOp : unmanaged, IUpdateOp
    {
        UpdateArguments arguments = new(first, second, third, fourth, x);
        for (int i = 0; i < x.Length; i++) CheckUpdate<TOp>(arguments, i);

        // As a rule all are on one device and of one type; where they are not, every run of like ones is a launch.
        int start = 0;
        for (int i = 1; i <= x.Length; i++)
        {
            if (i < x.Length && ReferenceEquals(x[i].Device, x[start].Device) && x[i].DType == x[start].DType) continue;
            if (x[start].Device is CpuDevice cpu) UpdateOnHost(cpu, op, arguments, start, i);
            else UpdateOnIlgpu((GpuDevice)x[start].Device, op, arguments, start, i);
            start = i;
        }
    }

    private static void CheckUpdate<TOp>(in UpdateArguments arguments, int index) where TOp : unmanaged, IUpdateOp
    {
        string name = Name<TOp>();
        Storage x = arguments.X[index];
        for (int state = 0; state < TOp.States; state++)
        {
            ReadOnlySpan<Storage> states = arguments[state];
            if (states.Length != arguments.X.Length)
                throw new ArgumentException(
                    $"{name}: renews {TOp.States} states, expected state {state + 1} of {arguments.X.Length} arrays, found {states.Length}.");
            Arguments.Length(name, $"state {state + 1}", states[index], x.Length);
            Arguments.OneDevice(name, x, states[index]);
            Arguments.OneType(name, x, states[index]);
        }

        CheckFloating(name, x.DType);
    }

    private static ReadOnlySpan<Storage> One(ref Storage? storage) => storage is null ? [] : new ReadOnlySpan<Storage>(ref storage);

    /// <summary>The arrays of an update: element i of each belongs to array i.</summary>
    private readonly ref struct UpdateArguments(
        ReadOnlySpan<Storage> first, ReadOnlySpan<Storage> second, ReadOnlySpan<Storage> third, ReadOnlySpan<Storage> fourth,
        ReadOnlySpan<Storage> x)
    {
        private readonly ReadOnlySpan<Storage> _first = first;
        private readonly ReadOnlySpan<Storage> _second = second;
        private readonly ReadOnlySpan<Storage> _third = third;
        private readonly ReadOnlySpan<Storage> _fourth = fourth;

        internal ReadOnlySpan<Storage> X { get; } = x;

        internal ReadOnlySpan<Storage> this[int state] => state switch { 0 => _first, 1 => _second, 2 => _third, _ => _fourth };
    }
}
