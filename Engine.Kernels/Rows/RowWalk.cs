using Engine.Kernels.Devices;
using Engine.Kernels.Mapping;

namespace Engine.Kernels.Rows;

/// <summary>A <see cref="RowPlan"/> as GPU kernels take it.</summary>
internal readonly unsafe struct RowWalk
{
    internal readonly int Columns;
    private readonly MapWalk _outer;
    private readonly int _x, _y, _z, _w;

    internal RowWalk(in RowPlan plan)
    {
        Columns = plan.Columns;
        _outer = new MapWalk(plan.Outer);
        (_x, _y, _z, _w) = (plan.Widths[0], plan.Widths[1], plan.Widths[2], plan.Widths[3]);
    }

    internal int StepX => _x == Columns ? 1 : 0;

    internal int StepY => _y == Columns ? 1 : 0;

    internal int StepZ => _z == Columns ? 1 : 0;

    internal int StepW => _w == Columns ? 1 : 0;

    internal int X(int row) => Start(_outer.X, row) * _x;

    internal int Y(int row) => Start(_outer.Y, row) * _y;

    internal int Z(int row) => Start(_outer.Z, row) * _z;

    internal int W(int row) => Start(_outer.W, row) * _w;

    private int Start(AxisValues steps, int row)
    {
        int offset = 0;
        for (int axis = _outer.Rank - 1; axis >= 0; axis--)
        {
            int place = axis == 0 ? row : row % _outer.Extents[axis];
            if (axis > 0) row /= _outer.Extents[axis];
            offset += place * steps[axis];
        }

        return offset;
    }
}
