using Engine.Kernels.Gemm.Host;

namespace Engine.Kernels.Conv.Host;

/// <summary>Transforms the weight to the points and packs it in panels of columns. A chunk is a panel of a phase.</summary>
internal readonly unsafe struct WinogradWeightJob<TV, T>(HostMemoryPool pool, T* weight, WinogradPlan plan, ColumnPanels panels, T* target)
    : IJob
    where TV : unmanaged, IVectorLane<TV, T>
    where T : unmanaged
{
    private const int Taps = WinogradAxis.Taps;

    internal int Chunks => plan.Phases * panels.Count;

    public void Run(int chunk)
    {
        int phase = chunk / panels.Count;
        panels.Locate(chunk % panels.Count, out _, out int vector, out int vectors);
        int column = vector * TV.Count, width = vectors * TV.Count, count = TV.Count;

        // The taps, three columns of six, six rows of six, and the points of a vector of depths for all columns of the panel.
        int lines = plan.Transposed ? width : 1;
        long elements = ((Taps * Taps) + (WinogradTransform.Points * Taps) + WinogradTransform.Points2
            + ((long)WinogradTransform.Points2 * lines)) * count;
        long bytes = HostMemoryPool.RoundUp((elements * sizeof(T)) + (WinogradTransform.Points2 * sizeof(T*)));
        using PoolBlock memory = new(pool, bytes);
        T** places = (T**)memory.Address;
        T* taps = (T*)(places + WinogradTransform.Points2);
        FindPlaces(phase, chunk % panels.Count, column, width, places);
        if (plan.Transposed) Transposed(phase, column, width, places, taps);
        else Straight(phase, column, vectors, places, taps);
    }

    /// <summary>Where each point of the panel begins; null where the phase takes no part.</summary>
    private void FindPlaces(int phase, int panel, int column, int width, T** places)
    {
        int targetPhase = plan.Transposed ? phase : 0, sourcePhase = plan.Transposed ? 0 : phase;
        for (int point = 0; point < WinogradTransform.Points2; point++)
        {
            nint before = (nint)plan.PhasesAt(targetPhase, point, sourcePhase) * plan.Depth * width;
            places[point] = plan.IsZero(phase, point) ? null
                : target + plan.WeightAt(targetPhase, panels, panel, column, width, point) + before;
        }
    }

    /// <summary>A convolution: W[t] is [depth, columns], so vectors of columns are transformed where they go.</summary>
    private void Straight(int phase, int column, int vectors, T** places, T* taps)
    {
        T* points = taps + (((Taps * Taps) + (WinogradTransform.Points * Taps)) * TV.Count);
        for (int depth = 0; depth < plan.Depth; depth++)
        {
            for (int v = 0; v < vectors; v++)
            {
                Transform(phase, ((nint)depth * plan.Channels) + column + (v * TV.Count), taps, points, TV.Count);
                for (int point = 0; point < WinogradTransform.Points2; point++)
                {
                    if (places[point] == null) continue;
                    TV.Store(TV.Load(points + (point * TV.Count)), places[point] + ((((nint)depth * vectors) + v) * TV.Count));
                }
            }
        }
    }

    /// <summary>A transposed convolution: W[t] is [columns, depth], so vectors of depths are transformed, and transposed.</summary>
    private void Transposed(int phase, int column, int width, T** places, T* taps)
    {
        T* points = taps + (((Taps * Taps) + (WinogradTransform.Points * Taps)) * TV.Count);
        nint plane = (nint)width * TV.Count;
        for (int depth = 0; depth < plan.Depth; depth += TV.Count)
        {
            for (int j = 0; j < width; j++) Transform(
                phase, ((nint)(column + j) * plan.Depth) + depth, taps, points + ((nint)j * TV.Count), plane);
            for (int point = 0; point < WinogradTransform.Points2; point++)
            {
                if (places[point] != null)
                    PanelCopy.Transposed(points + (point * plane), TV.Count, width, TV.Count, places[point] + ((nint)depth * width), width);
            }
        }
    }

    /// <summary>G W G' of a vector of weights.</summary>
    private void Transform(int phase, nint at, T* taps, T* points, nint step)
    {
        int phaseRow = phase / plan.Columns.Stride, phaseColumn = phase % plan.Columns.Stride, count = TV.Count;
        nint tap = (nint)plan.Depth * plan.Channels;
        T* columns = taps + (Taps * Taps * count);
        for (int x = 0; x < Taps; x++)
        {
            int j = plan.Columns.Kernel(phaseColumn, x);
            for (int y = 0; y < Taps; y++)
            {
                int i = plan.Rows.Kernel(phaseRow, y);
                TV value = i < 0 || j < 0 || (i * plan.Shape.KernelWidth) + j >= plan.Shape.LiveTaps ? TV.Of(0)
                    : TV.Load(weight + ((((nint)i * plan.Shape.KernelWidth) + j) * tap) + at);
                TV.Store(value, taps + (((y * Taps) + x) * count));
            }

            WinogradTransform.Kernel<TV, T>(
                TV.Load(taps + (x * count)), TV.Load(taps + ((Taps + x) * count)), TV.Load(taps + (((2 * Taps) + x) * count)),
                columns + (x * count), Taps * count);
        }

        for (int y = 0; y < WinogradTransform.Points; y++)
        {
            T* row = columns + (y * Taps * count);
            WinogradTransform.Kernel<TV, T>(
                TV.Load(row), TV.Load(row + count), TV.Load(row + (2 * count)), points + (y * WinogradTransform.Points * step), step);
        }
    }
}
