using System.Globalization;
using System.Text;
using Engine.Kernels;

namespace Engine.Autograd;

// A tensor as text, for logs, debuggers and notebooks.
public partial class Tensor
{
    /// <summary>Elements of a tensor that is written out whole.</summary>
    private const int MaxWhole = 200;

    /// <summary>Elements at either end of an axis that is cut short.</summary>
    private const int Ends = 3;

    /// <summary>
    /// The type, the shape, the device and the elements, as in <c>Float32 [2, 2] on cpu: [[1, 2], [3, 4]]</c>, to six digits; of each axis
    /// of a tensor of more than 200 elements the first three and the last three. It waits for the device.
    /// </summary>
    public override string ToString()
    {
        StringBuilder text = new($"{DType} {Shape} on {Device.Name}");
        if (_disposed) return text.Append(", released").ToString();
        text.Append(": ");
        double[] values = ToDoubles();
        if (Shape.Rank == 0) Write(text, values[0]);
        else Write(text, values, 0, 0);
        return text.ToString();
    }

    /// <summary>Writes the elements behind the first axes' places.</summary>
    private void Write(StringBuilder text, double[] values, int axis, int first)
    {
        int extent = Shape[axis], step = Shape.Stride(axis);
        bool isCut = Count > MaxWhole && extent > 2 * Ends;
        text.Append('[');
        for (int i = 0; i < extent; i++)
        {
            if (i > 0) text.Append(", ");
            if (isCut && i == Ends)
            {
                text.Append("..., ");
                i = extent - Ends;
            }

            if (axis == Shape.Rank - 1) Write(text, values[first + i]);
            else Write(text, values, axis + 1, first + (i * step));
        }

        text.Append(']');
    }

    private void Write(StringBuilder text, double value) =>
        text.Append(value.ToString(DType == DType.Int32 ? "F0" : "G6", CultureInfo.InvariantCulture));
}
