namespace Engine.Tests.Data;

[Collection("thread pool")]
public sealed class BatchLoaderTests
{
    private static readonly ImageDataset s_data = Digits.Draw(103, seed: 4);

    private sealed record Copy(int Epoch, int Index, int Total, LoaderPosition Next, float[] Images, int[] Labels, int[] Indices);

    [Fact]
    public void Every_epoch_shows_every_image_once_in_an_order_of_its_own()
    {
        var loader = new BatchLoader(s_data, 10);
        List<Copy> first = All(loader, 0), second = All(loader, 1);

        Assert.Equal(11, loader.BatchesPerEpoch);
        Assert.Equal(3, first[^1].Labels.Length);
        Assert.Equal(Enumerable.Range(0, 103), first.SelectMany(b => b.Indices).Order());
        Assert.Equal(Enumerable.Range(0, 103), second.SelectMany(b => b.Indices).Order());
        Assert.NotEqual(first.SelectMany(b => b.Indices), second.SelectMany(b => b.Indices));
        Assert.Equal(Enumerable.Range(0, 11), first.Select(b => b.Index));
        Assert.All(second, b => Assert.Equal((1, 11), (b.Epoch, b.Total)));
    }

    [Fact]
    public void Images_and_labels_belong_together()
    {
        foreach (Batch batch in new BatchLoader(s_data, 7).Epoch(2))
        {
            for (int i = 0; i < batch.Count; i++)
            {
                Assert.Equal(s_data.Label(batch.Indices[i]), batch.Labels[i]);
                for (int p = 0; p < 784; p++) Assert.Equal(
                    (float)(s_data.Image(batch.Indices[i])[p] / 127.5 - 1), batch.Images[i * 784 + p]);
            }
        }
    }

    [Fact]
    public void Training_sees_images_mirrored_and_moved_by_whole_pixels()
    {
        ImageDataset data = new("one", 4, 5, 2, [.. Enumerable.Range(0, 40).Select(i => (byte)i)]);
        Assert.Equal(2, Seen(new BatchOptions { Flip = true }).Count);
        Assert.Equal(9, Seen(new BatchOptions { Shift = 1 }).Count);
        Assert.Equal(18, Seen(new BatchOptions { Flip = true, Shift = 1 }).Count);

        // The value of a pixel says where it was: rows of 10, columns of 2.
        Assert.Contains("8,9,6,7,4,5,2,3,0,1,18,19", Seen(new BatchOptions { Flip = true }).First(text => !text.StartsWith('0')));
        Assert.All(Seen(new BatchOptions { Shift = 3 }), text =>
        {
            int[] levels = [.. text.Split(',').Select(int.Parse)];
            for (int i = 0; i < 4; i++)
            {
                // Neighbours are neighbours, or the border again.
                Assert.InRange(levels[(i * 10) + 4] - levels[(i * 10) + 2], 0, 2);
                Assert.Equal(levels[i * 10] + 1, levels[(i * 10) + 1]);
            }
        });
        Refused("shift must be at least 0 pixels, was -1", () => new BatchLoader(data, 1, new BatchOptions { Shift = -1 }));

        HashSet<string> Seen(BatchOptions options)
        {
            HashSet<string> seen = [];
            BatchLoader loader = new(data, 1, options with { Scale = PixelScale.Unit });
            for (int epoch = 0; epoch < 300; epoch++)
                foreach (Batch batch in loader.Epoch(epoch))
                    seen.Add(string.Join(',', batch.Images.ToArray().Select(value => (int)Math.Round(value * 255))));
            return seen;
        }
    }

    [Theory, Values(PixelScale.SignedUnit, PixelScale.Bernoulli)]
    public void The_same_seed_gives_the_same_batches_however_many_are_prepared_ahead(PixelScale scale)
    {
        var options = new BatchOptions { Seed = 11, Scale = scale };
        List<Copy> expected = All(new BatchLoader(s_data, 8, options with { Prefetch = 0 }), 3);
        for (int prefetch = 0; prefetch < 20; prefetch += 3) Same(
            expected, All(new BatchLoader(s_data, 8, options with { Prefetch = prefetch }), 3));

        List<Copy> other = All(new BatchLoader(s_data, 8, options with { Seed = 12 }), 3);
        Assert.NotEqual(expected[0].Indices, other[0].Indices);
    }

    [Fact]
    public void Training_goes_on_from_a_saved_position_to_the_bit()
    {
        var options = new BatchOptions { Seed = 2, Scale = PixelScale.Bernoulli };
        var loader = new BatchLoader(s_data, 10, options);
        List<Copy> whole = [.. All(loader, 0), .. All(loader, 1)];
        foreach (int done in (int[])[1, 5, 10, 11, 12])
        {
            LoaderPosition position = whole[done - 1].Next;
            var resumed = new BatchLoader(s_data, 10, options);
            List<Copy> rest = [];
            for (int epoch = position.Epoch; epoch < 2; epoch++)
            {
                foreach (Batch batch in resumed.Epoch(epoch == position.Epoch ? position : new(epoch, 0))) rest.Add(Take(batch));
            }

            Same(whole[done..], rest);
        }
    }

    [Fact]
    public void The_last_batch_can_be_dropped()
    {
        List<Copy> batches = All(new BatchLoader(s_data, 10, new BatchOptions { DropLast = true }), 0);
        Assert.Equal(10, batches.Count);
        Assert.All(batches, b => Assert.Equal(10, b.Labels.Length));
        Assert.Equal(new LoaderPosition(1, 0), batches[^1].Next);
    }

    [Fact]
    public void Without_shuffling_images_come_as_they_lie() =>
        Assert.Equal(Enumerable.Range(0, 103),
            All(new BatchLoader(s_data, 10, new BatchOptions { Shuffle = false }), 5).SelectMany(b => b.Indices));

    [Fact]
    public void Unit_and_threshold_scale_as_they_say()
    {
        var greys = new ImageDataset("greys", 1, 256, 1, [.. Enumerable.Range(0, 256).Select(i => (byte)i)]);
        Assert.Equal(Enumerable.Range(0, 256).Select(i => (float)(i / 255.0)),
            All(new BatchLoader(greys, 1, new() { Scale = PixelScale.Unit }), 0)[0].Images);
        Assert.Equal(Enumerable.Range(0, 256).Select(i => i < 128 ? 0f : 1),
            All(new BatchLoader(greys, 1, new() { Scale = PixelScale.Threshold }), 0)[0].Images);
        Assert.Equal(-1, All(new BatchLoader(greys, 1), 0)[0].Labels[0]);
    }

    [Fact]
    public void Bernoulli_is_on_as_often_as_the_grey_says_and_anew_in_every_epoch()
    {
        const int count = 2000;
        byte[] greys = [0, 1, 64, 128, 200, 254, 255];
        var data = new ImageDataset("greys", 1, greys.Length, 1, [.. Enumerable.Range(0, count).SelectMany(_ => greys)]);
        var loader = new BatchLoader(data, count, new BatchOptions { Scale = PixelScale.Bernoulli, Shuffle = false });
        float[] first = All(loader, 0)[0].Images, second = All(loader, 1)[0].Images;

        Assert.NotEqual(first, second);
        for (int g = 0; g < greys.Length; g++)
        {
            double p = greys[g] / 255.0, on = Enumerable.Range(0, count).Average(i => first[i * greys.Length + g]);
            Assert.InRange(on, p - 4 * Math.Sqrt(p * (1 - p) / count), p + 4 * Math.Sqrt(p * (1 - p) / count));
        }
    }

    [Fact]
    public void Leaving_the_loop_early_gives_all_buffers_back()
    {
        var loader = new BatchLoader(s_data, 4, new BatchOptions { Prefetch = 3 });
        for (int round = 0; round < 50; round++)
        {
            foreach (Batch batch in loader.Epoch(round))
            {
                if (batch.Index == round % 5) break;
            }

            Assert.Throws<FormatException>(() =>
            {
                foreach (Batch batch in loader.Epoch(round)) throw new FormatException($"{batch.Index}");
            });
            Assert.Equal(4, loader.IdleSlots);
        }
    }

    [Fact]
    public async Task A_pool_that_is_busy_does_not_stop_the_loop()
    {
        ThreadPool.GetMinThreads(out int workers, out _);
        using var release = new ManualResetEventSlim();
        var blockers = Enumerable.Range(0, workers * 2).Select(_ => Task.Run(() => release.Wait())).ToArray();
        try
        {
            Assert.Equal(26, All(new BatchLoader(s_data, 4), 0).Count);
        }
        finally
        {
            release.Set();
            await Task.WhenAll(blockers);
        }
    }

    [Fact]
    public void Two_epochs_can_run_at_once()
    {
        var loader = new BatchLoader(s_data, 10);
        List<Copy> expected = All(loader, 1), found = [];
        using BatchEpoch other = loader.Epoch(0);
        foreach (Batch batch in loader.Epoch(1))
        {
            Assert.True(other.MoveNext());
            found.Add(Take(batch));
        }

        Same(expected, found);
    }

    [Fact]
    public void A_batch_allocates_nothing_once_the_buffers_exist()
    {
        var loader = new BatchLoader(s_data, 1, new BatchOptions { Prefetch = 0 });
        Count(loader, 0);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(103, Count(loader, 1));

        // The epoch and its queue; 103 batches of 784 floats would be 323 KB.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000);

        static int Count(BatchLoader loader, int epoch)
        {
            int batches = 0;
            foreach (Batch batch in loader.Epoch(epoch)) batches += batch.Count;
            return batches;
        }
    }

    [Fact]
    public void Sizes_and_positions_that_cannot_be_are_refused()
    {
        RefusedExactly("batch size must be at least 1, was 0", () => new BatchLoader(s_data, 0));
        RefusedExactly("batch size must be at most the 103 images of digits, was 104", () => new BatchLoader(s_data, 104));
        RefusedExactly("prefetch must be at least 0 batches, was -1", () => new BatchLoader(s_data, 4, new BatchOptions { Prefetch = -1 }));
        RefusedExactly("epoch must be at least 0, was -1", () => new BatchLoader(s_data, 4).Epoch(-1));
        RefusedExactly("an epoch has 26 batches of 4 images: cannot begin with batch 27",
            () => new BatchLoader(s_data, 4).Epoch(new LoaderPosition(0, 27)));
    }

    [Fact]
    public void An_epoch_that_is_over_says_so()
    {
        BatchEpoch epoch = new BatchLoader(s_data, 50).Epoch(0);
        Assert.Throws<InvalidOperationException>(() => epoch.Current.Count);
        while (epoch.MoveNext())
        {
            // To the end.
        }

        Assert.Throws<InvalidOperationException>(() => epoch.Current.Count);
        epoch.Dispose();
        Assert.Throws<ObjectDisposedException>(() => epoch.MoveNext());
    }

    private static List<Copy> All(BatchLoader loader, int epoch)
    {
        List<Copy> all = [];
        foreach (Batch batch in loader.Epoch(epoch)) all.Add(Take(batch));
        return all;
    }

    private static Copy Take(Batch b) =>
        new(b.Epoch, b.Index, b.Total, b.Next, b.Images.ToArray(), b.Labels.ToArray(), b.Indices.ToArray());

    private static void Same(List<Copy> expected, List<Copy> found)
    {
        Assert.Equal(expected.Count, found.Count);
        for (int i = 0; i < expected.Count; i++)
        {
            Assert.Equal((expected[i].Epoch, expected[i].Index, expected[i].Next), (found[i].Epoch, found[i].Index, found[i].Next));
            Assert.Equal(expected[i].Indices, found[i].Indices);
            Assert.Equal(expected[i].Labels, found[i].Labels);
            Assert.Equal(expected[i].Images, found[i].Images);
        }
    }
}
