namespace ILGPU;

/// <summary>What an implicitly grouped kernel takes as its first parameter.</summary>
internal interface IIndex
{
    long Size { get; }
}
