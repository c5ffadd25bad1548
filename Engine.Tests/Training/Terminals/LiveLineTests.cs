namespace Engine.Tests.Training.Terminals;

public sealed class LiveLineTests
{
    private static readonly string[] s_losses = ["d_loss: 0.5397", "g_loss: 0.6843", "d_accuracy: 0.5889", "4332 samples/s"];

    [Theory]
    [InlineData(200, "epoch 3/60   4 %  d_loss: 0.5397  g_loss: 0.6843  d_accuracy: 0.5889  4332 samples/s  00:02:42 left  "
        + "[=                             ]")]
    [InlineData(120, "epoch 3/60   4 %  d_loss: 0.5397  g_loss: 0.6843  d_accuracy: 0.5889  4332 samples/s  00:02:42 left  "
        + "[                ]")]
    [InlineData(80, "epoch 3/60   4 %  d_loss: 0.5397  g_loss: 0.6843  00:02:42 left  [            ]")]
    [InlineData(60, "epoch 3/60   4 %  d_loss: 0.5397  00:02:42 left  [        ]")]
    [InlineData(50, "epoch 3/60   4 %  d_loss: 0.5397  00:02:42 left")]
    [InlineData(40, "epoch 3/60   4 %  00:02:42 left")]
    [InlineData(30, "epoch 3/60   4 %  00:02:42 le")]
    [InlineData(5, "epoch 3/60   4 %  0")]
    public void It_shows_what_there_is_room_for(int columns, string expected)
    {
        Screen screen = new(Math.Max(columns, 20));
        new LiveLine(screen, () => columns).Show(0.045, "epoch 3/60", "00:02:42 left", s_losses);
        Assert.Equal(expected, screen.Text);
    }

    [Theory]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(120)]
    public void Nothing_of_it_is_left_where_a_line_is_printed(int columns)
    {
        Screen screen = new(columns);
        LiveLine live = new(screen, () => columns);
        for (int epoch = 1; epoch <= 2; epoch++)
        {
            for (int step = 0; step < 10; step++)
                live.Show(step / 10.0, $"epoch {epoch}", $"{10 - step} left", s_losses[(step % 3)..]);
            screen.Write("^C");
            live.Clear();
            screen.WriteLine($"Epoch {epoch}");
        }

        Assert.Equal("Epoch 1\nEpoch 2", screen.Text);
    }

    [Theory]
    [InlineData(120, "Epoch [3/60]  d_loss: 0.5397  g_loss: 0.6843  d_accuracy: 0.5889  4332 samples/s")]
    [InlineData(80, "Epoch [3/60]  d_loss: 0.5397  g_loss: 0.6843  d_accuracy: 0.5889\n  4332 samples/s")]
    [InlineData(60, "Epoch [3/60]  d_loss: 0.5397  g_loss: 0.6843\n  d_accuracy: 0.5889  4332 samples/s")]
    [InlineData(1, "Epoch [3/60]\n  d_loss: 0.5397\n  g_loss: 0.6843\n  d_accuracy: 0.5889\n  4332 samples/s")]
    public void A_line_is_broken_between_its_parts(int columns, string expected)
    {
        string wrapped = new LiveLine(TextWriter.Null, () => columns).Wrapped(["Epoch [3/60]", .. s_losses]);
        Assert.Equal(expected, wrapped.ReplaceLineEndings("\n"));
    }

    [Fact]
    public void A_window_that_becomes_narrower_gets_shorter_lines()
    {
        int columns = 120;
        StringWriter output = new();
        LiveLine live = new(output, () => columns);
        live.Show(0.5, "epoch", "left", s_losses);
        columns = 40;
        output.GetStringBuilder().Clear();
        live.Show(0.5, "epoch", "left", s_losses);
        Assert.InRange(output.ToString().Trim('\r').Length, 20, 39);
    }
}
