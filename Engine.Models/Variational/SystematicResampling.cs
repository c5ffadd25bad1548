namespace Engine.Models.Variational;

/// <summary>
/// Draws samples in proportion to their weights with the least variance: a comb of equal distances over the cumulated weights (Kitagawa
/// 1996, "Monte Carlo filter and smoother", systematic resampling). A sample of weight w comes floor(n w) or ceil(n w) times, n w times in
/// expectation.
/// </summary>
internal static class SystematicResampling
{
    /// <summary>Draws for each column of a matrix of weights.</summary>
    /// <param name="logWeights">Logarithms of the weights, [samples, columns]; each column's may lack any common factor.</param>
    /// <param name="samples">Rows.</param>
    /// <param name="columns">Columns, drawn for independently.</param>
    /// <param name="drawn">How many to draw for each column.</param>
    /// <param name="places">Where each column's comb begins, in [0, 1).</param>
    /// <returns>Places in the matrix, row * columns + column: [drawn, columns].</returns>
    internal static int[] Draw(ReadOnlySpan<double> logWeights, int samples, int columns, int drawn, ReadOnlySpan<float> places)
    {
        int[] chosen = new int[drawn * columns];
        for (int j = 0; j < columns; j++)
        {
            double largest = double.NegativeInfinity, sum = 0;
            for (int i = 0; i < samples; i++) largest = Math.Max(largest, logWeights[(i * columns) + j]);
            for (int i = 0; i < samples; i++) sum += Math.Exp(logWeights[(i * columns) + j] - largest);

            // The last sample takes what rounding leaves of the comb.
            double gone = 0;
            int taken = 0;
            for (int i = 0; i < samples; i++)
            {
                gone += Math.Exp(logWeights[(i * columns) + j] - largest) / sum * drawn;
                for (; taken < drawn && (taken + places[j] < gone || i == samples - 1); taken++) chosen[(taken * columns) + j] =
                    (i * columns) + j;
            }
        }

        return chosen;
    }
}
