namespace Engine.Kernels.Gemm.Host;

/// <summary>The part of C that one run of the micro-kernel computes.</summary>
/// <param name="Item">The product in the batch.</param>
/// <param name="Row">Its first row.</param>
/// <param name="Rows">Its rows, at most those of a register tile.</param>
/// <param name="Column">Its first column.</param>
/// <param name="Columns">Its columns: fewer than the vectors hold where it overhangs C.</param>
/// <param name="Vectors">Vectors in a row.</param>
internal readonly record struct Tile(int Item, int Row, int Rows, int Column, int Columns, int Vectors);
