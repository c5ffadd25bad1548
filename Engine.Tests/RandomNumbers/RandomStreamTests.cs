namespace Engine.Tests.RandomNumbers;

public sealed class RandomStreamTests
{
    [Fact]
    public void Ranges_follow_each_other_in_whole_groups()
    {
        RandomStream stream = new(1);
        Assert.Equal(0, stream.Reserve(1));
        Assert.Equal(64, stream.Reserve(64));
        Assert.Equal(128, stream.Reserve(65));
        Assert.Equal(256, stream.Reserve(0));
        Assert.Equal(256, stream.Position);
    }

    [Fact]
    public void A_saved_stream_continues_where_it_was()
    {
        RandomStream stream = new(1);
        stream.Reserve(1000);
        RandomStream restored = new(stream.State);
        Assert.Equal(stream.Key, restored.Key);
        Assert.Equal(stream.Reserve(10), restored.Reserve(10));
        Assert.Equal(stream.State, restored.State);
    }

    [Fact]
    public void Streams_of_different_seeds_names_and_numbers_have_different_keys()
    {
        RandomStream one = new(1), two = new(2);
        ulong[] keys =
        [
            one.Key, two.Key, one.Split("a").Key, one.Split("b").Key, one.Split("").Key, two.Split("a").Key,
            one.Split(0).Key, one.Split(1).Key, one.Split(-1).Key,
            one.Split("a").Split("b").Key, one.Split("b").Split("a").Key,
        ];
        Assert.Equal(keys.Length, keys.Distinct().Count());
    }

    [Fact]
    public void Splitting_does_not_depend_on_the_position()
    {
        RandomStream stream = new(1);
        ulong before = stream.Split("noise").Key;
        stream.Reserve(12345);
        Assert.Equal(before, stream.Split("noise").Key);
        Assert.Equal(0, stream.Split("noise").Position);
    }

    [Fact]
    public void What_cannot_be_reserved_or_restored_is_refused()
    {
        RandomStream stream = new(1);
        Assert.Throws<ArgumentOutOfRangeException>(() => stream.Reserve(-1));
        Refused("multiple of 64, as RandomStream.Reserve returns, found 5", () => new RandomStream(new RandomStreamState(1, 5)));
        Assert.Throws<ArgumentException>(() => new RandomStream(new RandomStreamState(1, -64)));
        RandomStream last = new(new RandomStreamState(1, long.MaxValue - 63));
        Assert.Throws<OverflowException>(() => last.Reserve(1));
    }
}
