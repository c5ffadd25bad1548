namespace Engine.Tests.Data;

[Collection("thread pool")]
public sealed class TableDatasetTests : IsolatedTests
{
    [Fact]
    public void A_csv_file_gives_rows_names_and_classes()
    {
        string path = Folder.Put("iris.csv", "width; \"kind\";length\n1.5;setosa;2e1\n-3;\"vir;ginica\";4\n0;setosa;7\n"u8.ToArray());
        TableDataset data = TableDataset.FromCsv(path, "kind");
        Assert.Equal(("iris.csv", 3, 2, 2), (data.Name, data.Count, data.Columns, data.Classes));
        Assert.Equal([1.5f, 20, -3, 4, 0, 7], data.Values.ToArray());
        Assert.Equal([0, 1, 0], data.Labels.ToArray());
        Assert.Equal(["width", "length"], data.ColumnNames);
        Assert.Equal(["setosa", "vir;ginica"], data.ClassNames);
        TableDataset plain = TableDataset.FromCsv(Folder.Put("plain.csv", "1,2\n3,4\n"u8.ToArray()));
        Assert.Equal((2, -1, "column 2"), (plain.Count, plain.Label(0), plain.ColumnNames[1]));
        Assert.Equal(["2", "10"], TableDataset.FromCsv(Folder.Put("n.csv", "x,y\n1,10\n1,2\n"u8.ToArray()), "y").ClassNames);
    }

    [Theory]
    [InlineData("a,b\n1,2\n3,x\n", null, "expected a number in line 3, column 'b', found 'x'.")]
    [InlineData("a,b\n1,\n", null, "expected a number in line 2, column 'b', found ''.")]
    [InlineData("a,b\n1,2\n", "kind", "expected a column 'kind', found a, b.")]
    [InlineData("1,2\n", "kind", "found numbers.")]
    [InlineData("a,b\n1,2\n3\n", null, "cannot be read: ")]
    [InlineData("", null, "expected rows of numbers, found none.")]
    [InlineData("a,b\n", null, "rows of at least 1 number")]
    [InlineData("a\nNaN\n", null, "expected finite numbers, found NaN in row 1, column 1.")]
    public void A_file_that_is_not_all_numbers_says_where(string text, string? label, string message)
    {
        string path = Folder.Put("t.csv", System.Text.Encoding.UTF8.GetBytes(text));
        Refused<DataException>(message, () => TableDataset.FromCsv(path, label));
        Refused<DataException>("cannot be read: ", () => TableDataset.FromCsv(Folder["none.csv"]));
    }

    [Fact]
    public void Arrays_that_do_not_fit_are_refused()
    {
        Refused<DataException>("a whole number of rows of 2 numbers, at least one, found 3", () => new TableDataset("t", 2, new float[3]));
        Refused<DataException>("a label for each of 2 rows, found 1", () => new TableDataset("t", 1, [1, 2], [0], 2));
        Refused<DataException>("labels from 0 to 1, found 2 for row 2", () => new TableDataset("t", 1, [1, 2], [0, 2], 2));
        Refused("flip and shift are of images", () => new BatchLoader(
            new TableDataset("t", 1, [1, 2]), 1, new BatchOptions { Flip = true }));
        Refused("batch size must be at most the 2 rows of t, was 3", () => new BatchLoader(new TableDataset("t", 1, [1, 2]), 3));
        Assert.Throws<InvalidOperationException>(() => new BatchLoader(new TableDataset("t", 1, [1, 2]), 1).Data);
    }

    [Fact]
    public void Batches_have_every_row_once_with_its_label()
    {
        TableDataset data = new("t", 3, [.. Enumerable.Range(0, 30).Select(i => (float)i)], [.. Enumerable.Range(0, 10)], 10);
        List<int> seen = [];
        foreach (Batch batch in new BatchLoader(data, 4, new BatchOptions { Seed = 2 }).Epoch(1))
        {
            for (int i = 0; i < batch.Count; i++)
            {
                float first = 3 * batch.Labels[i];
                Assert.Equal([first, first + 1, first + 2], batch.Values.Slice(3 * i, 3).ToArray());
                seen.Add(batch.Indices[i]);
            }
        }

        Assert.Equal(Enumerable.Range(0, 10), seen.Order());
        Assert.NotEqual(Enumerable.Range(0, 10), seen);
    }

    [Fact]
    public void Standardized_columns_have_mean_0_and_deviation_1()
    {
        (TableDataset data, float[] means, float[] deviations) = new TableDataset("t", 2, [1, 5, 3, 5], [0, 1], 2).Standardized();
        Assert.Equal([-1f, 0, 1, 0], data.Values.ToArray());
        Assert.Equal([2f, 5, 1, 0], means.Concat(deviations).ToArray());
        Assert.Equal(1, data.Label(1));
    }
}
